/** A desk's own strategy as the engine knows strategies. */
import type { OwnStrategy, StrategyModule } from '../../desk/own-strategy.js';
import type { ExitPlan, ExitTarget } from '../../domain/exit-plan.js';
import type { Instrument } from '../../domain/instrument.js';
import { plainText } from '../../domain/plain-text.js';
import type { SessionReading } from '../../domain/sessions/session-calendar.js';
import type { Signal } from '../../domain/signal.js';
import type { BarEvent } from '../../engine/event.js';
import type {
  EntryWish,
  ParameterValues,
  SignalRefusal,
  Strategy,
  StrategyContext,
  StrategyDefinition,
  StrategyLine,
} from '../../engine/strategies/strategy.js';
import {
  type Clocks,
  type ContextStrategy,
  type Drawing,
  openContext,
  type Wishes,
  whatItThrew,
} from './strategy-context.js';

/** More wishes in one call are certainly a mistake. */
const WISHES_MAX = 20;
const TEXTS_MAX = 64;

export const definitionOf = ({ kind, suits, parameters, module }: OwnStrategy): StrategyDefinition => ({
  kind,
  suits,
  parameters,
  create: (values, instrument) => new HostedStrategy(module, values, instrument),
});

type Wish =
  | { readonly kind: 'enter'; readonly entry: EntryWish }
  | { readonly kind: 'exit' | 'note'; readonly text: string };

/**
 * Wishes are carried out after the strategy has returned: whatever it throws is its own fault, never the engine's. Once
 * it has thrown it is not called again, because its state is unknown.
 */
export class HostedStrategy implements Strategy {
  readonly warmupBars: number;
  readonly onFill?: NonNullable<Strategy['onFill']>;
  readonly onQuote?: NonNullable<Strategy['onQuote']>;
  readonly onTrade?: NonNullable<Strategy['onTrade']>;
  readonly onTimer?: NonNullable<Strategy['onTimer']>;
  readonly onSignal?: NonNullable<Strategy['onSignal']>;
  readonly timerMs?: number;
  #inside: ContextStrategy | null = null;
  #failed = '';
  #state = '';
  #lines: StrategyLine[] = [];
  #wishes: Wish[] = [];
  readonly #texts = new Map<string, string>();
  /** Context of the newest call; null before the first one. */
  #context: StrategyContext | null = null;

  constructor(
    private readonly module: StrategyModule,
    parameters: ParameterValues,
    { symbol, kind, tickSize, lotSize }: Pick<Instrument, 'symbol' | 'kind' | 'tickSize' | 'lotSize'>,
  ) {
    const facts = JSON.stringify({ symbol, kind, tickSize, lotSize });
    this.#attempt(() => {
      this.#inside = openContext(module).create(
        { ...this.#wanted(), ...this.#clocks(), ...this.#drawing() },
        JSON.stringify(parameters),
        facts,
      );
      this.#readWords();
    });
    const inside = this.#inside as ContextStrategy | null;
    this.warmupBars = inside?.warmupBars ?? 0;
    if (inside !== null && inside.onFill !== null)
      this.onFill = (context, { side, quantityLots, priceTicks, purpose }) =>
        this.#show(context, ({ onFill }) => onFill?.(side, quantityLots, priceTicks, purpose === 'entry'));
    if (inside !== null && inside.onSignal !== null)
      this.onSignal = (context, signal, ageMs) => this.#showSignal(context, signal, ageMs);
    if (inside !== null && inside.onQuote !== null)
      this.onQuote = (context) => this.#show(context, ({ onQuote }) => onQuote?.());
    if (inside !== null && inside.onTrade !== null)
      this.onTrade = (context, { priceTicks, quantityLots, taker }) =>
        this.#show(context, ({ onTrade }) => onTrade?.(priceTicks, quantityLots, taker));
    if (inside !== null && inside.onTimer !== null) {
      this.onTimer = (context, dueMs) => this.#show(context, ({ onTimer }) => onTimer?.(dueMs));
      this.timerMs = inside.timerSeconds * 1000;
    }
  }

  onBar(context: StrategyContext, { openMs, openTicks, highTicks, lowTicks, closeTicks }: BarEvent): void {
    this.#show(context, (inside) => {
      inside.onBar(openMs, openTicks, highTicks, lowTicks, closeTicks);
      this.#readWords();
    });
  }

  #showSignal(context: StrategyContext, signal: Signal, ageMs: number): SignalRefusal | null {
    const { source, id, revision, action, entryTicks, stopTicks, targetTicks } = signal;
    let why = '';
    this.#show(context, ({ onSignal }) => {
      const prices = [entryTicks ?? 0, stopTicks ?? 0] as const;
      why = onSignal?.(source, id, revision, action, ...prices, ageMs / 1000, ...targetTicks) ?? '';
    });
    const reason = this.#inside === null ? `it has failed: ${this.#failed}` : plainText(why);
    return reason === '' ? null : { limit: 'strategy', reason };
  }

  #show(context: StrategyContext, work: (inside: ContextStrategy) => void): void {
    const { positionLots, entryResting, lastQuote, shorting, stopLossPct } = context;
    const { bidTicks, askTicks } = lastQuote ?? { bidTicks: Number.NaN, askTicks: Number.NaN };
    this.#wishes = [];
    this.#context = context;
    this.#attempt(() => {
      if (this.#inside === null) return;
      this.#inside.show(positionLots, entryResting, bidTicks, askTicks, shorting, stopLossPct);
      work(this.#inside);
    });
    if (this.#inside === null) context.fail(this.#failed);
    else for (const wish of this.#wishes) carryOut(context, wish);
  }

  state(): string {
    return this.#inside === null ? `it has failed: ${this.#failed}` : this.#state;
  }

  /** Lines of a failed strategy are dropped. */
  lines(): readonly StrategyLine[] {
    return this.#inside === null ? [] : this.#lines;
  }

  /** Reads its texts at each bar, never when somebody views them, so that any side effects are the same every time. */
  #readWords(): void {
    this.#state = this.#plain(this.#inside?.state() ?? '');
    this.#lines = [];
    this.#inside?.lines?.();
  }

  /** It says nearly the same at each bar, so what was looked through once is remembered. */
  #plain(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= TEXTS_MAX) this.#texts.clear();
    const plain = plainText(text);
    this.#texts.set(text, plain);
    return plain;
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#inside = null;
      this.#failed = whatItThrew(error, this.module).text;
    }
  }

  /** Before the first bar there is no time. */
  #clocks(): Clocks {
    const read = (): SessionReading | undefined => this.#context?.session;
    return {
      minuteOfDay: () => read()?.minuteOfDay ?? Number.NaN,
      minutesToClose: () => read()?.minutesToClose ?? Number.NaN,
      date: () => read()?.date ?? '',
      weekday: () => read()?.weekday ?? '',
    };
  }

  #drawing(): Drawing {
    return {
      line: (name, ticks) => {
        this.#lines.push({ name: this.#plain(name), ticks: Number.isNaN(ticks) ? null : ticks });
      },
    };
  }

  #wanted(): Wishes {
    const add = (wish: Wish): void => {
      if (this.#wishes.length < WISHES_MAX) this.#wishes.push(wish);
    };
    return {
      enter: (
        side,
        type,
        ticks,
        slippageTicks,
        protectTicks,
        restBars,
        because,
        riskPct,
        lots,
        equityPct,
        maxLots,
        ...asked
      ) => {
        const exits = exitPlanOf(...asked);
        const size = asksFor({ riskPct, lots, equityPct, maxLots });
        const wish = {
          ...{ side, protectTicks, because: plainText(because) },
          ...(exits === null ? {} : { exits }),
          ...(size === null ? {} : { size }),
        };
        const entry: EntryWish =
          type === 'market'
            ? { type, slippageTicks, ...wish }
            : type === 'stop'
              ? { type, stopTicks: ticks, slippageTicks, restBars, ...wish }
              : { type, limitTicks: ticks, restBars, ...wish };
        add({ kind: 'enter', entry });
      },
      exit: (because) => add({ kind: 'exit', text: plainText(because) }),
      note: (text) => add({ kind: 'note', text: plainText(text) }),
    };
  }
}

/** Null: nothing but the stop. */
function exitPlanOf(
  trailTicks: number,
  breakEvenAtTicks: number,
  maxBars: number,
  ...numbers: readonly number[]
): ExitPlan | null {
  const targets: ExitTarget[] = [];
  for (let at = 0; at + 1 < numbers.length; at += 2)
    targets.push({ ticks: numbers[at] as number, closedPpm: numbers[at + 1] as number });
  const plan = asksFor({ trailTicks, breakEvenAtTicks, maxBars });
  return targets.length === 0 ? plan : { targets, ...plan };
}

/** Drops zeros; null if nothing was asked for. */
function asksFor<T extends Readonly<Record<string, number>>>(numbers: T): Partial<T> | null {
  const asked = Object.entries(numbers).filter(([, value]) => value !== 0);
  return asked.length === 0 ? null : (Object.fromEntries(asked) as Partial<T>);
}

function carryOut(context: StrategyContext, wish: Wish): void {
  if (wish.kind === 'enter') context.enter(wish.entry);
  else if (wish.kind === 'exit') context.exit(wish.text);
  else context.note(wish.text);
}
