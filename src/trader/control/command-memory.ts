/** Remembers the results of commands, so that a repeated request is answered and not carried out again. */

const REMEMBERED_MAX = 1000;

export class CommandMemory<Result> {
  readonly #results = new Map<string, Promise<Result>>();

  /** The first result under `commandId`. One that failed is forgotten, so that it can be tried again. */
  once(commandId: string, carryOut: () => Promise<Result>): Promise<Result> {
    const before = this.#results.get(commandId);
    if (before !== undefined) return before;
    const result = carryOut();
    this.#results.set(commandId, result);
    result.catch(() => this.#results.delete(commandId));
    const oldest = this.#results.keys().next().value;
    if (this.#results.size > REMEMBERED_MAX && oldest !== undefined) this.#results.delete(oldest);
    return result;
  }
}
