/** The desk's strategy as the engine runs it, with a hand that plays venue and quotes. */
import { dirname } from 'node:path';
import { resolveDesk } from '../../../src/desk/resolve-desk.js';
import { SessionCalendar } from '../../../src/domain/sessions/session-calendar.js';
import { tradingHours } from '../../../src/domain/sessions/trading-hours.js';
import { zoneOffset } from '../../../src/domain/zone-offset.js';
import {
  type LimitEntry,
  readParameters,
  type StrategyContext,
} from '../../../src/engine/strategies/strategy.js';
import { definitionOf } from '../../../src/pack/strategy/own-definition.js';
import { readStrategies } from '../../../src/pack/strategy/read-strategies.js';
import { type Minute, momentOf } from './day.js';

const KIND = './strategies/slob.ts';
const TICKS_PER_POINT = 4;
const INSTRUMENT = { symbol: 'NQ/USD', kind: 'future', tickSize: '0.25', lotSize: '1' } as const;

const hours = tradingHours({ calendar: 'cme-equity-index' });
const NQ_HOURS = new SessionCalendar(hours, zoneOffset(hours.zone));

const folder = dirname(resolveDesk('slob'));
const definition = definitionOf(readStrategies(folder, [KIND]).get(KIND)!);

export const points = (ticks: number): number => ticks / TICKS_PER_POINT;

export interface Quoted {
  /** Points from the close to the bid. */
  readonly bidAway?: number;
  readonly shorting?: boolean;
  readonly stopLossPct?: number;
}

export class AtTheStrategy {
  lots = 0;
  resting: LimitEntry | null = null;
  readonly entries: LimitEntry[] = [];
  readonly exits: string[] = [];
  readonly notes: string[] = [];
  readonly #strategy;

  constructor(
    parameters: Readonly<Record<string, number>> = {},
    private readonly date = '2026-07-15',
    private readonly quoted: Quoted = {},
  ) {
    const { values, problems } = readParameters(definition, parameters);
    if (problems.length > 0) throw new Error(problems.join('; '));
    this.#strategy = definition.create(values, INSTRUMENT as never);
  }

  get state(): string {
    return this.#strategy.state();
  }

  /** `past`: as the bars of before a start come, without a quote, and nothing that is asked for is done. */
  see(minutes: readonly Minute[], past = false): this {
    for (const minute of minutes) {
      if (!past) this.#fill(minute);
      this.#strategy.onBar(this.#context(minute, past), this.#bar(minute) as never);
    }
    return this;
  }

  /** A resting entry is filled where the price is back at it, and what is held is closed at the stop or the target. */
  #fill({ high, low }: Minute): void {
    const ticks = high * TICKS_PER_POINT;
    if (this.resting !== null && ticks >= this.resting.limitTicks) {
      this.resting = null;
      this.lots = -1;
    }
    const { protectTicks = Number.POSITIVE_INFINITY, exits } = this.entries.at(-1) ?? {};
    const target = exits?.targets?.[0]?.ticks ?? 0;
    if (ticks >= protectTicks || low * TICKS_PER_POINT <= target) this.lots = 0;
  }

  #bar({ at, open, high, low, close }: Minute) {
    const [openTicks, highTicks, lowTicks, closeTicks] = [open, high, low, close].map(
      (price) => price * TICKS_PER_POINT,
    );
    return { openMs: momentOf(this.date, at), openTicks, highTicks, lowTicks, closeTicks };
  }

  #context({ at, close }: Minute, past: boolean): StrategyContext {
    const { bidAway = -0.25, shorting = true, stopLossPct = 1 } = this.quoted;
    const bidTicks = (close + bidAway) * TICKS_PER_POINT;
    const context: StrategyContext = {
      instrument: INSTRUMENT as never,
      positionLots: this.lots,
      entryResting: this.resting !== null,
      lastQuote: past ? null : { bidTicks, askTicks: bidTicks + 1 },
      shorting,
      stopLossPct,
      mayAsk: !past,
      mayEnter: !past,
      session: NQ_HOURS.readingAt(momentOf(this.date, at) + 60_000),
      watched: () => ({ lastQuote: null, lastBar: null }),
      leg: () => context,
      enter: (wish) => {
        if (past || (wish.type !== undefined && wish.type !== 'limit')) return;
        this.entries.push(wish);
        this.resting = wish;
      },
      exit: (because) => {
        if (past || this.lots === 0) return;
        this.exits.push(because);
        this.lots = 0;
      },
      adjust: () => undefined,
      ...{ cancel: () => undefined, change: () => undefined, enterOneOf: () => undefined },
      note: (text) => {
        if (!past) this.notes.push(text);
      },
      fail: (reason) => {
        throw new Error(reason);
      },
    };
    return context;
  }
}
