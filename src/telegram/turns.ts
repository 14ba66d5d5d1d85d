/** Work that is heavy, one piece after the other: it may take its time, and takes no more of what others need meanwhile. */

export class Turns {
  #tail: Promise<unknown> = Promise.resolve();
  #inLine = 0;

  /** `most`: those in line, with the one that is under way. */
  constructor(private readonly most: number) {}

  /** Null: the line is full, and this will not be done. */
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
