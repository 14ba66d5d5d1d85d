/** Runs heavy work one piece at a time: it may take long, but takes no more of what others need. */

export class Turns {
  #tail: Promise<unknown> = Promise.resolve();
  #inLine = 0;

  /** `most`: how many may wait, including the one that runs. */
  constructor(private readonly most: number) {}

  /** Null: too many wait, and this will not be done. */
  take(work: () => Promise<void>): Promise<void> | null {
    if (this.#inLine >= this.most) return null;
    this.#inLine += 1;
    const done = this.#tail.then(work).finally(() => {
      this.#inLine -= 1;
    });
    this.#tail = done.catch(() => undefined);
    return done;
  }
}
