// How an SLO does, in words and in the three colours of a budget.

/** Percent with as many digits as tell one good SLO from another. */
export const budgetText = (percent: number): string => `${percent.toFixed(Math.abs(percent) >= 100 ? 1 : 3)} %`;
/** Spent, less than a quarter left, or neither. */
export const budgetState = (percent: number): 'ok' | 'warn' | 'error' =>
  percent < 0 ? 'error' : percent < 25 ? 'warn' : 'ok';
