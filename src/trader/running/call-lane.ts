/** Bounds the venue calls of one kind in number and in time. There is no queue: a full lane refuses. */

import type { Timers } from './clock.js';

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
    private readonly timers: Timers,
  ) {}

  get underWay(): number {
    return this.#underWay;
  }

  /** Rejects with `CallRefused` (never made), `CallAbandoned` (made, not answered), or the call's own error. */
  run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.underWayMax) {
      return Promise.reject(new CallRefused(`${this.underWayMax} ${this.name} calls are under way already`));
    }
    this.#underWay += 1;
    return new Promise<T>((resolve, reject) => {
      const answered = this.timers.after(this.abandonAfterMs, () => {
        reject(new CallAbandoned(`no answer within ${this.abandonAfterMs} ms`));
      });
      call().then(resolve, reject).finally(answered);
    }).finally(() => {
      this.#underWay -= 1;
    });
  }
}
