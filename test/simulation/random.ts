/** Randomness from one number: the same seed gives the same run on every machine. */
import { seededRandom } from '../../simulators/random.js';

export class Random {
  /** From 0 on, below 1. */
  readonly next: () => number;

  constructor(seed: number) {
    this.next = seededRandom(seed * 2_654_435_761 + 1_013_904_223);
    for (let round = 0; round < 4; round += 1) this.next();
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.whole(0, choices.length - 1)];
    if (choice === undefined) throw new RangeError('nothing to pick from');
    return choice;
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.whole(0, 15).toString(16)).join('');
  }
}
