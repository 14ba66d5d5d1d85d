/** The people and workflows around the desk: they command at any moment, and sometimes on old knowledge. */
import type { Command } from '../../src/engine/event.js';
import type { Random } from './random.js';
import type { TraderUnderTest } from './trader-under-test.js';

export class Operator {
  readonly #haltIdsSeen: string[] = [];

  constructor(
    private readonly random: Random,
    private readonly configHash: string,
  ) {}

  /** Any command, at any moment. */
  commandAnything(trader: TraderUnderTest): void {
    trader.command(this.#drawCommand());
  }

  /** As the resumption does it: reads the newest halt, decides, arms. Now and then the decision is an old one. */
  tryToArm(trader: TraderUnderTest): void {
    if (!trader.running) return;
    const { haltId } = trader.engine.view;
    if (haltId !== null) this.#haltIdsSeen.push(haltId);
    const stale = this.random.chance(0.1) && this.#haltIdsSeen.length > 0;
    const quoted = stale ? this.random.pick(this.#haltIdsSeen) : haltId;
    if (quoted === null) return;
    const authority = this.random.pick(['rule', 'rule', 'person', 'two-people'] as const);
    const configHash = this.random.chance(0.02) ? 'another' : this.configHash;
    trader.command({ name: 'arm', haltId: quoted, configHash, authority });
  }

  #drawCommand(): Command {
    const name = this.random.pick([
      'stop',
      'stop',
      'closeAll',
      'kill',
      'reduce',
      'toggle',
      'reconcile',
      'resize',
    ] as const);
    if (name === 'toggle') return { name, strategy: 'cross', enabled: this.random.chance(0.7) };
    if (name === 'resize') {
      const sizeFactorPpm = this.random.pick([1_000_000, 500_000, 250_000, 10_000, 5_000]);
      return { name, sizeFactorPpm, authorised: this.random.chance(0.4) };
    }
    return { name };
  }
}
