/**
 * Splits and dividends of a backtest: read from a file of comma-separated lines, `date,symbol,kind,value`,
 * and applied during the run.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { MarketBar, MarketEvent } from '../contracts/market-feed.js';
import type { Desk } from '../desk/schema.js';
import { dividendSchema } from '../desk/sent-schemas.js';
import { DAY_MS, dayOfText } from '../domain/civil-date.js';
import {
  type CorporateAction,
  parseSplit,
  SPLIT_PART_MAX,
  type SplitRatio,
} from '../domain/corporate-action.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import { messageOf } from '../domain/message-of.js';
import { utcOfLocal } from '../domain/trading-day.js';
import { buildCalendars } from '../trader/engine-config.js';
import { byEnd, splitBar } from '../trader/warm-up.js';
import type { TradingInstance } from './instance/trading-instance.js';

export interface TimedAction {
  /** Market time: the start of its date in the time zone of the instrument's trading hours. */
  readonly atMs: number;
  readonly action: CorporateAction;
  /** Its place in the file, for messages. */
  readonly file: string;
  readonly line: number;
}

export class ActionsFileError extends Error {
  override readonly name = 'ActionsFileError';

  constructor(
    message: string,
    readonly doThis = 'correct that line; docs/BACKTEST.md has an example of each kind',
  ) {
    super(message);
  }
}

const HEADER = 'date,symbol,kind,value';

/** By time; actions of the same moment stay in file order. Throws `ActionsFileError`. */
export function readActions(path: string, desk: Pick<Desk, 'instruments'>): readonly TimedAction[] {
  const file = basename(path);
  const calendars = buildCalendars(desk);
  const seen = new Map<string, number>();
  const actions = textOf(path)
    .split(/\r?\n/)
    .flatMap((text, index) => (text.trim() === '' ? [] : [{ text: text.trim(), line: index + 1 }]))
    .filter(({ text, line }) => line > 1 || text !== HEADER)
    .map(({ text, line }) => {
      const wrong = (problem: string): ActionsFileError =>
        new ActionsFileError(`${file}:${line}: ${problem}`);
      const cells = text.split(',').map((cell) => cell.trim());
      const [date = '', symbol = '', kind = '', value = ''] = cells;
      if (cells.length !== 4) throw wrong(`expected four values, ${HEADER}; found ${cells.length}`);
      const day = dayOfText(date);
      if (day === null) throw wrong(`date: expected a day such as 2020-08-31, found ${date}`);
      const at = desk.instruments.findIndex((known) => known.symbol === symbol);
      if (desk.instruments[at]?.kind !== 'stock')
        throw wrong(`symbol: expected a stock of the desk file (kind: stock), found ${symbol}`);
      const before = seen.get(text);
      if (before !== undefined) throw wrong(`the same as line ${before}`);
      seen.set(text, line);
      const calendar = calendars[at];
      const atMs = utcOfLocal(day * DAY_MS, (utcMs) => (calendar?.localMs(utcMs) ?? utcMs) - utcMs);
      return { atMs, action: actionOf(symbol, kind, value, wrong), file, line };
    });
  return actions.sort((one, other) => one.atMs - other.atMs);
}

function actionOf(
  symbol: string,
  kind: string,
  value: string,
  wrong: (problem: string) => ActionsFileError,
): CorporateAction {
  if (kind === 'split') {
    const ratio = parseSplit(value);
    if (ratio === null)
      throw wrong(
        `value: expected new shares for old ones, 4:1 or 1:10, each up to ${SPLIT_PART_MAX}; found ${value}`,
      );
    return { kind, symbol, ...ratio };
  }
  if (kind !== 'dividend') throw wrong(`kind: expected split or dividend, found ${kind}`);
  if (!dividendSchema.shape.perShare.safeParse(value).success)
    throw wrong(`value: expected an amount above 0 for each share, such as 0.82; found ${value}`);
  return { kind, symbol, perShare: value };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // What Node says ends with the path; the code of it is enough.
    const { code = messageOf(error) } = error as NodeJS.ErrnoException;
    throw new ActionsFileError(`${path} can't be read (${code})`, 'name a file that is there');
  }
}

type TimedEvent = Extract<MarketEvent, { readonly marketMs: number }>;

/**
 * Tells the last price of a bar from the first one of the next bar: both have the same time.
 */
export class BarEnds {
  /** By instrument: the end of its newest bar, and the time of its newest price. */
  readonly #barEndMs: Float64Array;
  readonly #pricedMs: Float64Array;

  constructor(count: number) {
    this.#barEndMs = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
    this.#pricedMs = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  }

  /** Call once the run has processed the event. */
  note(event: TimedEvent): void {
    if (event.kind === 'bar') this.ended(event.bar);
    else this.priced(event.instrument, event.marketMs);
  }

  ended({ instrument, openMs, spanMs }: MarketBar): void {
    this.#barEndMs[instrument] = openMs + spanMs;
  }

  priced(at: InstrumentId, marketMs: number): void {
    this.#pricedMs[at] = marketMs;
  }

  /** Whether this is the first price after its instrument's last bar. */
  isFirstPrice(event: TimedEvent): boolean {
    if (event.kind === 'bar') return false;
    return (this.#pricedMs[event.instrument] as number) <= (this.#barEndMs[event.instrument] as number);
  }
}

/**
 * Splits and dividends of a run. Each is applied after the last price before its time and before the first
 * price at or after it. After a split, strategies are shown the bars of that stock again, in new shares.
 */
export class RunActions {
  /** By time. */
  #pending: readonly TimedAction[];
  readonly #idOf: ReadonlyMap<string, InstrumentId>;
  /** The newest bars of each instrument, in current shares. Empty if nothing is split in this run. */
  readonly #bars: MarketBar[][];
  readonly #keeps: boolean;
  #taken = 0;

  /** `barsKept`: how many bars strategies are shown at a start. */
  constructor(
    actions: readonly TimedAction[],
    instruments: readonly Instrument[],
    private readonly barsKept: number,
    private readonly ends: Pick<BarEnds, 'isFirstPrice'>,
  ) {
    this.#idOf = new Map(instruments.map(({ symbol, id }) => [symbol, id]));
    this.#pending = actions.filter(({ action }) => this.#idOf.has(action.symbol));
    this.#keeps = this.#pending.some(({ action }) => action.kind === 'split');
    this.#bars = instruments.map(() => []);
  }

  /** Market time of the next one. Infinity: there is none. */
  get nextMs(): number {
    return this.#pending[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Past bars of a run that begins at `beginMs`, in the shares of that time. Drops actions before it. */
  past(bars: readonly MarketBar[], beginMs: number): readonly MarketBar[] {
    let past = bars;
    for (const { action, atMs } of this.#pending) {
      if (atMs >= beginMs || action.kind !== 'split') continue;
      past = past.map((bar) => this.#split(bar, action.symbol, action, atMs));
    }
    this.#pending = this.#pending.filter(({ atMs }) => atMs >= beginMs);
    for (const bar of past) this.#keep(bar);
    return past;
  }

  /**
   * Call before the run processes the event. Calls `before` with each action's time, ahead of the action, and `after`
   * with the action.
   */
  take(
    instance: TradingInstance,
    event: TimedEvent,
    before: (atMs: number) => void,
    after: (action: CorporateAction) => void,
  ): void {
    for (const next of this.#pending) {
      const { action, atMs, file, line } = next;
      if (atMs > event.marketMs) break;
      if (atMs === event.marketMs && !this.#isFirstPrice(event, action.symbol)) continue;
      this.#pending = this.#pending.filter((other) => other !== next);
      this.#taken += 1;
      before(atMs);
      instance.advanceTo(Math.max(atMs, instance.marketMs));
      instance.command({
        commandId: `action-${this.#taken}`,
        by: 'backtest',
        reason: `${file}:${line}`,
        command: { name: 'corporateAction', action, timed: true },
      });
      after(action);
      if (action.kind === 'split') this.#showAgain(instance, action.symbol, action, atMs);
    }
    if (event.kind === 'bar') this.#keep(event.bar);
  }

  /** A bar's last price has the same time as the start of the next bar, but is still in old shares. */
  #isFirstPrice(event: TimedEvent, symbol: string): boolean {
    if (event.kind === 'bar' || event.instrument !== this.#idOf.get(symbol)) return false;
    return this.ends.isFirstPrice(event);
  }

  #keep(bar: MarketBar): void {
    const bars = this.#bars[bar.instrument];
    if (!this.#keeps || bars === undefined) return;
    bars.push(bar);
    if (bars.length > 2 * this.barsKept) bars.splice(0, bars.length - this.barsKept);
  }

  #showAgain(instance: TradingInstance, symbol: string, ratio: SplitRatio, atMs: number): void {
    const at = this.#idOf.get(symbol) ?? -1;
    this.#bars[at] = (this.#bars[at] ?? []).map((bar) => this.#split(bar, symbol, ratio, atMs));
    const all = this.#bars.flatMap((bars) => bars.slice(-this.barsKept)).sort(byEnd);
    for (const bar of all) instance.warmUp(bar);
  }

  #split(bar: MarketBar, symbol: string, ratio: SplitRatio, atMs: number): MarketBar {
    const isOld = this.#idOf.get(symbol) === bar.instrument && bar.openMs < atMs;
    return isOld ? splitBar(bar, ratio) : bar;
  }
}
