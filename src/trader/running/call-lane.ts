/** Bounds the calls of one kind to the venue, in number and in time. Nothing waits in a line: a full lane refuses. */

export class CallRefused extends Error {
  override readonly name = 'CallRefused';
}

export class CallAbandoned extends Error {
  override readonly name = 'CallAbandoned';
}

export class CallLane {
  #underWay = 0;

  constructor(
    readonly name: string,
    readonly underWayMax: number,
    readonly abandonAfterMs: number,
  ) {}

  get underWay(): number {
    return this.#underWay;
  }

  /** Rejects with `CallRefused` (never made) or `CallAbandoned` (made, not answered), or as the call does. */
  run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.underWayMax) {
      return Promise.reject(new CallRefused(`${this.underWayMax} ${this.name} calls are under way already`));
    }
    this.#underWay += 1;
    return new Promise<T>((resolve, reject) => {
      const abandon = setTimeout(() => {
        reject(new CallAbandoned(`no answer within ${this.abandonAfterMs} ms`));
      }, this.abandonAfterMs);
      call()
        .then(resolve, reject)
        .finally(() => clearTimeout(abandon));
    }).finally(() => {
      this.#underWay -= 1;
    });
  }
}
