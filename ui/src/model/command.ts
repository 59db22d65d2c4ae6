// What the command palette offers, and in which order for what has been typed.

export const COMMAND_GROUPS = [
  'Trace',
  'Pages',
  'Datasets',
  'Boards',
  'Columns',
  'Saved queries',
  'Recent queries',
  'Actions',
] as const;
export type CommandGroup = (typeof COMMAND_GROUPS)[number];
export interface Command {
  id: string;
  group: CommandGroup;
  label: string;
  detail?: string;
  /** Shown beside it: the same by one key press. */
  keys?: readonly string[];
}

/** How well a label answers the typed text: 0 best, null not at all. Every word must be found; a word's start is better than its middle. */
export function fit(label: string, typed: string): number | null {
  const text = label.toLowerCase();
  const wanted = typed.trim().toLowerCase();
  if (wanted === '') return 0;
  if (text === wanted) return 0;
  if (text.startsWith(wanted)) return 1;
  let worst = 2;
  for (const word of wanted.split(/\s+/)) {
    const at = text.indexOf(word);
    if (at >= 0) {
      const isStart = new RegExp(`(^|[^a-z0-9])${word.replace(/[^a-z0-9]/g, '\\$&')}`).test(text);
      worst = Math.max(worst, isStart ? 2 : 3);
    } else if (isSubsequence(word, text)) worst = Math.max(worst, 4);
    else return null;
  }
  return worst;
}
/** `svm` finds `service map`; every letter must come in order. */
function isSubsequence(word: string, text: string): boolean {
  let at = 0;
  for (const letter of word) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return word.length > 1;
}
/** The commands that answer the text, the best of each group first, at most `each` of a group; the group of the best match leads. */
export function rankCommands<T extends Command>(commands: readonly T[], typed: string, each: number): T[] {
  const found = commands
    .map((command, at) => ({ command, at, fit: fit(command.label, typed) }))
    .filter((f): f is { command: T; at: number; fit: number } => f.fit !== null)
    .sort(
      (a, b) =>
        a.fit - b.fit || (typed.trim() === '' ? 0 : a.command.label.length - b.command.label.length) || a.at - b.at,
    );
  const best = new Map<CommandGroup, number>();
  for (const f of found) if (!best.has(f.command.group)) best.set(f.command.group, f.fit);
  const groups = [...best.keys()].sort(
    (a, b) => best.get(a)! - best.get(b)! || COMMAND_GROUPS.indexOf(a) - COMMAND_GROUPS.indexOf(b),
  );
  return groups.flatMap((group) =>
    found
      .filter((f) => f.command.group === group)
      .slice(0, each)
      .map((f) => f.command),
  );
}
/** The trace id of a pasted link; as it stands there when its escapes are broken. */
export function linkedTraceId(text: string): string | undefined {
  const linked = /[?&]trace_id=([^&\s]+)/.exec(text)?.[1];
  try {
    return linked && decodeURIComponent(linked);
  } catch {
    return linked;
  }
}
/** A trace id in the text, as X-Ray, OpenTelemetry or makers of UUIDs write it, or out of a pasted link. */
export function traceIdIn(typed: string): string | undefined {
  const text = typed.trim();
  const isId =
    /^(?:1-[0-9a-f]{8}-[0-9a-f]{24}|[0-9a-f]{32}|[0-9a-f]{16}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;
  return linkedTraceId(text) ?? (isId.test(text) ? text : undefined);
}
