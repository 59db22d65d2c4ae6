// What the parts of one result tell each other while the pointer moves. They draw it themselves: no component renders anew.

/** A value that whoever listens is told of; `from` is who said it. */
class Shared<T> {
  readonly #listeners = new Set<(value: T | null, from?: object) => void>();
  listen(listener: (value: T | null, from?: object) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  say(value: T | null, from?: object): void {
    for (const listener of this.#listeners) listener(value, from);
  }
}
/** The cursor of the charts: whoever is hovered says the time in seconds, all others draw it. */
export class SharedCursor extends Shared<number> {}
/** The group that is pointed at in the table, by its key; charts let the others step back. */
export class SharedHighlight extends Shared<string> {}
