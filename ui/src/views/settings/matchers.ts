// What the sections about sampling rules share: the members that a request is held against, and how a rate is written.
/** What a request is held against: member of a rule, label, most characters. */
export const MATCHERS = [
  ['ServiceName', 'Service name', 64],
  ['ServiceType', 'Service type', 64],
  ['Host', 'Host', 64],
  ['HTTPMethod', 'Method', 10],
  ['URLPath', 'Path', 128],
  ['ResourceARN', 'Resource ARN', 500],
] as const;
export const percentText = (rate: number | undefined): string =>
  `${((rate ?? 0) * 100).toLocaleString('en', { maximumFractionDigits: 4 })} %`;
