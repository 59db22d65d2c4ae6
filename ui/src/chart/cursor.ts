// The shared cursor of the charts of one result: whoever is hovered says the time, all others draw it.

export type CursorListener = (seconds: number | null, from: object) => void;
export class SharedCursor {
  readonly #listeners = new Set<CursorListener>();
  listen(listener: CursorListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  say(seconds: number | null, from: object): void {
    for (const listener of this.#listeners) listener(seconds, from);
  }
}
