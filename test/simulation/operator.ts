/** The people and workflows around the desk: they command at any moment, and sometimes on old knowledge. */
import type { Command } from '../../src/engine/event.js';
import type { EngineView } from '../../src/engine/view.js';
import type { Random } from './random.js';
import type { TraderUnderTest } from './trader-under-test.js';

/** Of so many that people decided, these were about something else: another journal, another file, too large a size. */
const ATTEMPTS_A_ROUND = 8;
const WRONG_GRANTS: Readonly<Record<number, 'journal' | 'file' | 'size'>> = {
  2: 'journal',
  4: 'file',
  6: 'size',
};

export class Operator {
  readonly #haltIdsSeen: string[] = [];
  #attempts = 0;

  constructor(
    private readonly random: Random,
    private readonly live: boolean,
    private readonly symbols: readonly string[],
  ) {}

  /** Any command, at any moment. */
  commandAnything(trader: TraderUnderTest): void {
    if (trader.running) trader.command(this.#drawCommand(trader));
  }

  /** As the resumption does it: reads the newest halt, decides, arms. Now and then the decision is an old one. */
  tryToArm(trader: TraderUnderTest): void {
    if (!trader.running) return;
    const before = trader.view;
    const { haltId, configHash: inForce } = this.#explain(trader, before) ? trader.view : before;
    if (haltId !== null) this.#haltIdsSeen.push(haltId);
    const stale = this.random.chance(0.1) && this.#haltIdsSeen.length > 0;
    const quoted = stale ? this.random.pick(this.#haltIdsSeen) : haltId;
    if (quoted === null) return;
    const authority = this.random.pick(['rule', 'rule', 'person', 'two-people'] as const);
    const configHash = this.random.chance(0.02) ? 'another' : inForce;
    if (this.live && authority !== 'rule' && this.random.chance(0.7)) {
      this.#goLive(trader, quoted, configHash, authority);
      return;
    }
    trader.command({ name: 'arm', haltId: quoted, configHash, authority });
  }

  /** In the end a person says what nothing else explains: where cash went, and whose coins are in the account. */
  explain(trader: TraderUnderTest): void {
    if (trader.running) this.#explain(trader, trader.view, 1);
  }

  /** Whether something was said. */
  #explain(
    trader: TraderUnderTest,
    { cashUnexplained: amount, coins }: EngineView,
    cashChance = 0.4,
  ): boolean {
    let said = false;
    if (amount !== null && this.random.chance(cashChance)) {
      const kind = this.random.chance(0.2) ? 'correction' : amount > 0n ? 'deposit' : 'withdrawal';
      trader.command({ name: 'explainCash', kind, amount });
      said = true;
    }
    for (const { instrument, nobodys } of coins) {
      if (nobodys === 0 || this.random.chance(0.5)) continue;
      const owner = this.random.pick(['foreign', 'foreign', 'move', 'desk'] as const);
      const cost = owner === 'desk' ? `${this.random.whole(90, 110)}.5` : null;
      trader.command({ name: 'claimCoins', symbol: this.symbols[instrument] ?? '', owner, cost });
      said = true;
    }
    return said;
  }

  /** Some limit up or down, approved or not, now and then on an old version. */
  #drawReload(trader: TraderUnderTest): Command {
    const { version } = trader.view.settings;
    const [key, choices] = this.random.pick([
      ['risk.maxPositionSizePct', [2, 5, 10, 12]],
      ['risk.dailyLossLimitPct', [0.3, 0.4, 0.6]],
      ['risk.maxDrawdownPct', [0.3, 1, 2]],
      ['risk.maxConcurrentPositions', [1, 2, 4]],
    ] as const);
    return {
      name: 'reload',
      baseVersion: this.random.chance(0.1) ? version + 1 : version,
      values: { [key]: this.random.pick<number>(choices) },
      approvedBy: this.random.chance(0.5) ? ['anna'] : [],
    };
  }

  #goLive(
    trader: TraderUnderTest,
    haltId: string,
    configHash: string,
    authority: 'person' | 'two-people',
  ): void {
    this.#attempts += 1;
    const wrong = WRONG_GRANTS[this.#attempts % ATTEMPTS_A_ROUND];
    const grant = {
      release: 'simulated',
      attempt: this.#attempts,
      step: 0,
      incarnation: wrong === 'journal' ? 'another' : trader.incarnation,
      configHash,
      haltId,
      size: { maxPositionSizePct: wrong === 'size' ? 50 : 5, maxConcurrentPositions: 1 },
      fileConfigHash: wrong === 'file' ? 'another' : trader.fileConfigHash,
      approvedBy: ['anna', 'ben'],
    };
    trader.command({ name: 'goLive', grant, authority });
  }

  #drawCommand(trader: TraderUnderTest): Command {
    const name = this.random.pick([
      'stop',
      'stop',
      'closeAll',
      'kill',
      'stop',
      'toggle',
      'reconcile',
      'resize',
      'reload',
      'reload',
      ...(this.live ? (['revokeGoLive'] as const) : []),
    ] as const);
    if (name === 'reload') return this.#drawReload(trader);
    if (name === 'toggle') return { name, strategy: 'cross', enabled: this.random.chance(0.7) };
    if (name === 'resize') {
      const sizeFactorPpm = this.random.pick([1_000_000, 500_000, 250_000, 10_200, 5_100]);
      return { name, sizeFactorPpm, authorised: this.random.chance(0.4) };
    }
    return { name };
  }
}
