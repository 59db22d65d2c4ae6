// How long drawing takes, told to whoever observes the browser's performance timeline: its developer tools, and the budgets that
// e2e/budgets.mjs holds the interface to.

/** Tells of work that began at `began` (performance.now()) and ends now. Nothing is kept: a page may be open for weeks. */
export function measured(name: string, began: number): void {
  performance.measure(name, { start: began });
  performance.clearMeasures(name);
}
