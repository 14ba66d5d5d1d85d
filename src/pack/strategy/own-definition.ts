/** Hosts a desk's own strategy as a strategy of the engine. */
import type { OwnStrategy } from '../../desk/own-code.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import type { ExitPlan, ExitTarget } from '../../domain/exits.js';
import type { Instrument } from '../../domain/instrument.js';
import type { WishType } from '../../domain/order.js';
import { plainText } from '../../domain/plain-text.js';
import type { FinishedBar } from '../../domain/quote-columns.js';
import type { SessionReading } from '../../domain/sessions/session-calendar.js';
import type { Signal } from '../../domain/signal.js';
import {
  type EntryChange,
  type EntryWish,
  type ExitsWish,
  isWaiting,
  type LimitEntry,
  type ParameterValues,
  type RestingWish,
  type SignalRefusal,
  type Strategy,
  type StrategyContext,
  type StrategyDefinition,
  type StrategyLine,
} from '../../engine/strategies/strategy.js';
import {
  type Artefacts,
  type Clocks,
  type ContextStrategy,
  type Drawing,
  openContext,
  type TimeInForceName,
  type Watching,
  type Wishes,
  whatItThrew,
} from './strategy-context.js';

/** More wishes for one instrument in one call are certainly a mistake. */
const WISHES_MAX = 20;
const TEXTS_MAX = 64;

/** What a strategy is made of. */
type Made = Pick<OwnStrategy, 'module' | 'forms' | 'artefacts'>;

export const definitionOf = ({
  kind,
  suits,
  parameters,
  watches,
  legs,
  ...made
}: Made & Pick<OwnStrategy, 'kind' | 'suits' | 'parameters' | 'watches' | 'legs'>): StrategyDefinition => ({
  ...{ kind, suits, parameters },
  ...(watches === undefined ? {} : { watches }),
  ...(legs === undefined ? {} : { legs }),
  create: (values, instrument, beside) => new HostedStrategy(made, values, instrument, beside),
});

type Facts = Pick<Instrument, 'symbol' | 'kind' | 'tickSize' | 'lotSize' | 'pip' | 'multiplier'>;

/** What the desk file does not have is left out of the JSON that the strategy's context gets. */
const factsOf = ({ symbol, kind, tickSize, lotSize, pip, multiplier }: Facts) => ({
  ...{ symbol, kind, tickSize, lotSize, pip, multiplier },
});

/** A strategy's instruments other than its own, like `Beside`. */
interface FactsBeside {
  readonly legs: readonly Facts[];
  readonly watched: readonly Facts[];
}

const ALONE: FactsBeside = { legs: [], watched: [] };
/** The place of its own instrument; 0 and above are places among the others. */
const OWN = -1;

/** `leg`: the place of the leg that the wish is about. */
interface Wish {
  readonly leg: number;
  readonly asked: Asked;
}

type Asked =
  | { readonly kind: 'enter'; readonly entry: EntryWish }
  | { readonly kind: 'exit'; readonly text: string; readonly partPpm: number }
  | { readonly kind: 'adjust'; readonly exits: ExitsWish }
  | { readonly kind: 'oneOf'; readonly entries: readonly [RestingWish, RestingWish] }
  | { readonly kind: 'change'; readonly change: EntryChange }
  | { readonly kind: 'cancel'; readonly text: string }
  | { readonly kind: 'note'; readonly text: string };

/**
 * Wishes are carried out after the strategy has returned, so anything it throws is its own fault, never the
 * engine's. Once it has thrown, it is not called again, because its state is unknown.
 */
export class HostedStrategy implements Strategy {
  readonly warmupBars: number;
  readonly onFill?: NonNullable<Strategy['onFill']>;
  readonly onQuote?: NonNullable<Strategy['onQuote']>;
  readonly onTrade?: NonNullable<Strategy['onTrade']>;
  readonly onTimer?: NonNullable<Strategy['onTimer']>;
  readonly onSignal?: NonNullable<Strategy['onSignal']>;
  readonly timerMs?: number;
  readonly spansMs?: readonly number[];
  #inside: ContextStrategy | null = null;
  #failed = '';
  #state = '';
  /** As numbers and texts: it draws its lines at each bar, and hardly anybody looks at them. */
  readonly #lineNames: string[] = [];
  readonly #lineTicks: number[] = [];
  #lineCount = 0;
  #wishes: Wish[] = [];
  /** The first of two alternative entries. Null: no `enterOneOf` is under way. */
  #pair: RestingWish[] | null = null;
  /** The leg that its next wishes are about. */
  #leg = OWN;
  readonly #texts = new Map<string, string>();
  /** Context of the newest call; null before the first one. */
  #context: StrategyContext | null = null;

  constructor(
    private readonly made: Made,
    parameters: ParameterValues,
    instrument: Facts,
    private readonly beside: FactsBeside = ALONE,
    /** True if no desk file names the instruments: any unknown symbol stands for its first other one. */
    takesAny = false,
  ) {
    const facts = JSON.stringify(factsOf(instrument));
    this.#attempt(() => {
      const { module, forms, artefacts } = made;
      this.#inside = openContext(module).create(
        {
          ...{ ...this.#wanted(), ...this.#clocks(), ...this.#drawing(), ...this.#watching() },
          ...contentOf(made),
        },
        JSON.stringify(parameters),
        facts,
        JSON.stringify(beside.legs.map(factsOf)),
        JSON.stringify(beside.watched.map(factsOf)),
        JSON.stringify(artefacts.map(({ name }) => [name, forms[name]])),
        takesAny,
      );
      this.#readWords();
    });
    const inside = this.#inside as ContextStrategy | null;
    this.warmupBars = inside?.warmupBars ?? 0;
    if (inside !== null && inside.spans !== '') this.spansMs = inside.spans.split(',').map(Number);
    if (inside !== null && inside.onFill !== null)
      this.onFill = (context, { side, quantityLots, priceTicks, purpose }, place = OWN) =>
        this.#show(context, ({ onFill }) =>
          onFill?.(side, quantityLots, priceTicks, purpose === 'entry', place),
        );
    if (inside !== null && inside.onSignal !== null)
      this.onSignal = (context, signal, ageMs, place = OWN) =>
        this.#showSignal(context, signal, ageMs, place);
    if (inside !== null && inside.onQuote !== null)
      this.onQuote = (context, place = OWN) => this.#show(context, ({ onQuote }) => onQuote?.(place));
    if (inside !== null && inside.onTrade !== null)
      this.onTrade = (context, { priceTicks, quantityLots, taker }, place = OWN) =>
        this.#show(context, ({ onTrade }) => onTrade?.(priceTicks, quantityLots, taker, place));
    if (inside !== null && inside.onTimer !== null) {
      this.onTimer = (context, dueMs) => this.#show(context, ({ onTimer }) => onTimer?.(dueMs));
      this.timerMs = inside.timerSeconds * 1000;
    }
  }

  onBar(context: StrategyContext, bar: FinishedBar, place = OWN): void {
    this.#turnTo(context);
    // Without `#show`: its functions would be made at each of millions of bars.
    try {
      if (this.#inside !== null) {
        this.#tellFacts(this.#inside, context);
        showBar(this.#inside, bar, place);
        this.#readWords();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#carryOut(context);
  }

  #showSignal(context: StrategyContext, signal: Signal, ageMs: number, place: number): SignalRefusal | null {
    const { source, id, revision, action, entryTicks, stopTicks, targetTicks } = signal;
    let why = '';
    this.#show(context, ({ onSignal }) => {
      const prices = [entryTicks ?? 0, stopTicks ?? 0] as const;
      why = onSignal?.(source, id, revision, action, ...prices, ageMs / 1000, place, ...targetTicks) ?? '';
    });
    const reason = this.#inside === null ? `it has failed: ${this.#failed}` : plainText(why);
    return reason === '' ? null : { limit: 'strategy', reason };
  }

  #show(context: StrategyContext, work: (inside: ContextStrategy) => void): void {
    this.#turnTo(context);
    this.#attempt(() => {
      if (this.#inside === null) return;
      this.#tellFacts(this.#inside, context);
      work(this.#inside);
    });
    this.#carryOut(context);
  }

  #turnTo(context: StrategyContext): void {
    if (this.#wishes.length > 0) this.#wishes = [];
    this.#pair = null;
    this.#leg = OWN;
    this.#context = context;
  }

  #tellFacts(inside: ContextStrategy, context: StrategyContext): void {
    const { positionLots, entryResting, lastQuote, shorting, stopLossPct } = context;
    const { bidTicks, askTicks } = lastQuote ?? NO_QUOTE;
    inside.show(positionLots, entryResting, bidTicks, askTicks, shorting, stopLossPct);
  }

  #carryOut(context: StrategyContext): void {
    if (this.#inside === null) context.fail(this.#failed);
    else for (const { leg, asked } of this.#wishes) carryOut(context.leg(leg), asked);
  }

  state(): string {
    return this.#inside === null ? `it has failed: ${this.#failed}` : this.#state;
  }

  /** Lines of a failed strategy are dropped. */
  lines(): readonly StrategyLine[] {
    if (this.#inside === null) return [];
    return this.#lineNames.slice(0, this.#lineCount).map((name, at) => {
      const ticks = this.#lineTicks[at] as number;
      return { name, ticks: Number.isNaN(ticks) ? null : ticks };
    });
  }

  /** Reads its texts at each bar, never when somebody views them, so that any side effects are the same every time. */
  #readWords(): void {
    this.#state = this.#plain(this.#inside?.state() ?? '');
    this.#lineCount = 0;
    this.#inside?.lines?.();
  }

  /** A strategy says nearly the same at each bar, so the newest texts are remembered. */
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
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#inside = null;
    this.#failed = whatItThrew(error, this.made.module).text;
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

  #watching(): Watching {
    return {
      watched: (place, what) => {
        if (what === 'lots' || what === 'entryResting') {
          const { positionLots = 0, entryResting = false } = this.#context?.leg(place) ?? {};
          return what === 'lots' ? positionLots : Number(entryResting);
        }
        const { lastQuote = null, lastBar = null } = this.#context?.watched(place) ?? {};
        if (what === 'bid') return lastQuote?.bidTicks ?? Number.NaN;
        if (what === 'ask') return lastQuote?.askTicks ?? Number.NaN;
        return lastBar?.[what] ?? Number.NaN;
      },
    };
  }

  #drawing(): Drawing {
    return {
      line: (name, ticks) => {
        this.#lineNames[this.#lineCount] = this.#plain(name);
        this.#lineTicks[this.#lineCount] = ticks;
        this.#lineCount += 1;
      },
    };
  }

  #wanted(): Wishes {
    // Each leg has its own maximum: too many wishes in one must not cost another its exit.
    const add = (asked: Asked): void => {
      const leg = this.#leg;
      const ofLeg = this.#wishes.reduce((sum, wish) => sum + (wish.leg === leg ? 1 : 0), 0);
      if (ofLeg < WISHES_MAX) this.#wishes.push({ leg, asked });
    };
    return {
      hears: (opens) => {
        const { mayAsk = false, mayEnter = false } = this.#context?.leg(this.#leg) ?? {};
        return opens ? mayEnter : mayAsk;
      },
      lacksPrice: () => {
        const { legs, watched } = this.beside;
        const places = [OWN, ...[...legs, ...watched].keys()];
        return places.some((place) => this.#context?.watched(place).lastQuote === null);
      },
      turnTo: (place) => {
        this.#leg = place;
      },
      enter: (
        side,
        type,
        ticks,
        slippageTicks,
        protectTicks,
        restBars,
        postOnly,
        timeInForce,
        untilMs,
        limitTicks,
        leadSeconds,
        reverses,
        because,
        riskPct,
        lots,
        equityPct,
        maxLots,
        volatilityPct,
        ...plan
      ) => {
        const exits = exitPlanOf(...plan);
        const size = asksFor({ riskPct, lots, equityPct, maxLots, volatilityPct });
        const wish = {
          ...{ side, protectTicks, because: this.#plain(because) },
          ...(exits === null ? {} : { exits }),
          ...(size === null ? {} : { size }),
        };
        const asked = { ticks, slippageTicks, restBars, limitTicks, leadSeconds };
        const terms = termsOf(postOnly, timeInForce, untilMs);
        const entry: EntryWish = Object.assign(pricesOf(type, asked, terms), wish);
        if (this.#pair === null)
          add({ kind: 'enter', entry: reverses && !isWaiting(entry) ? { ...entry, reverses } : entry });
        else if (entry.type === 'limit' || entry.type === 'stop') this.#pair.push(entry);
        const [one, other] = this.#pair ?? [];
        if (one === undefined || other === undefined) return;
        this.#pair = null;
        add({ kind: 'oneOf', entries: [one, other] });
      },
      exit: (because, partPpm) => add({ kind: 'exit', text: this.#plain(because), partPpm }),
      adjust: (
        stopTicks,
        trailTicks,
        breakEvenAtTicks,
        maxBars,
        leadSeconds,
        because,
        hasTargets,
        ...numbers
      ) => {
        const asked = (value: number): number | null => (value < 0 ? null : value);
        const exits: ExitsWish = {
          ...(stopTicks === 0 ? {} : { stopTicks }),
          ...(hasTargets ? { targets: targetsOf(numbers) } : {}),
          ...(trailTicks === 0 ? {} : { trailTicks: asked(trailTicks) }),
          ...(breakEvenAtTicks === 0 ? {} : { breakEvenAtTicks: asked(breakEvenAtTicks) }),
          ...(maxBars === 0 ? {} : { maxBars: asked(maxBars) }),
          ...(leadSeconds === 0 ? {} : { beforeCloseMs: asked(leadSeconds * 1000) }),
          because: plainText(because),
        };
        add({ kind: 'adjust', exits });
      },
      pair: (open) => {
        this.#pair = open ? [] : null;
      },
      change: (side, ticks, because, hasExits, stopTicks, ...plan) => {
        const change: EntryChange = {
          ...(side === '' ? {} : { side }),
          ...(ticks === 0 ? {} : { ticks }),
          ...(hasExits ? { protectTicks: stopTicks, exits: exitPlanOf(...plan) ?? {} } : {}),
          because: plainText(because),
        };
        add({ kind: 'change', change });
      },
      cancel: (because) => add({ kind: 'cancel', text: plainText(because) }),
      note: (text) => add({ kind: 'note', text: plainText(text) }),
    };
  }
}

const NO_QUOTE = { bidTicks: Number.NaN, askTicks: Number.NaN };

function showBar(inside: ContextStrategy, bar: FinishedBar, place: number): void {
  const { openMs, spanMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots } = bar;
  inside.onBar(openMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots, spanMs / MINUTE_MS, place);
}

const contentOf = ({ forms, artefacts }: Made): Artefacts => ({
  artefact: (place) => {
    const { name = '', bytes = new Uint8Array() } = artefacts[place] ?? {};
    return forms[name] === 'bytes' ? Buffer.from(bytes).toString('latin1') : new TextDecoder().decode(bytes);
  },
});

interface AskedNumbers {
  readonly ticks: number;
  readonly slippageTicks: number;
  readonly restBars: number;
  readonly limitTicks: number;
  readonly leadSeconds: number;
}

/** The members that an entry of this type has in addition to the common ones. */
function pricesOf(
  type: WishType,
  { ticks, slippageTicks, restBars, limitTicks, leadSeconds }: AskedNumbers,
  terms: Partial<LimitEntry>,
): PricesOf<EntryWish> {
  switch (type) {
    case 'market':
    case 'atOpen':
      return { type, slippageTicks };
    case 'atClose':
      return { type, slippageTicks, leadMs: leadSeconds * 1000 };
    case 'stop':
      return { type, stopTicks: ticks, slippageTicks, restBars };
    case 'ifTouched':
      return limitTicks === 0
        ? { type, touchTicks: ticks, limitTicks: null, slippageTicks, restBars }
        : { type, touchTicks: ticks, limitTicks, slippageTicks: null, restBars };
    case 'trailingStop':
      return { type, trailTicks: ticks, slippageTicks, restBars };
    case 'limit':
      return { type, limitTicks: ticks, restBars, ...terms };
  }
}

type PricesOf<W extends EntryWish> = W extends EntryWish
  ? Omit<W, 'side' | 'protectTicks' | 'exits' | 'size' | 'because' | 'reverses'>
  : never;

/** Members that were not requested are left out. */
function termsOf(postOnly: boolean, timeInForce: TimeInForceName, untilMs: number): Partial<LimitEntry> {
  return {
    ...(postOnly ? { postOnly } : {}),
    ...(timeInForce === 'day' ? { day: true } : {}),
    ...(timeInForce === 'immediateOrCancel' ? { timeInForce: 'IOC' } : {}),
    ...(timeInForce === 'fillOrKill' ? { timeInForce: 'FOK' } : {}),
    ...(untilMs === 0 ? {} : { untilMs }),
  };
}

/** Null: only the stop. */
function exitPlanOf(
  trailTicks: number,
  breakEvenAtTicks: number,
  maxBars: number,
  leadSeconds: number,
  ...numbers: readonly number[]
): ExitPlan | null {
  const targets = targetsOf(numbers);
  const plan = asksFor({ trailTicks, breakEvenAtTicks, maxBars, beforeCloseMs: leadSeconds * 1000 });
  return targets.length === 0 ? plan : { targets, ...plan };
}

function targetsOf(numbers: readonly number[]): readonly ExitTarget[] {
  const targets: ExitTarget[] = [];
  for (let at = 0; at + 1 < numbers.length; at += 2)
    targets.push({ ticks: numbers[at] as number, closedPpm: numbers[at + 1] as number });
  return targets;
}

/** Drops zeros. Null: nothing was requested. */
function asksFor<T extends Readonly<Record<string, number>>>(numbers: T): Partial<T> | null {
  let asked: Partial<T> | null = null;
  for (const key in numbers) {
    if (numbers[key] === 0) continue;
    asked ??= {};
    asked[key] = numbers[key];
  }
  return asked;
}

function carryOut(context: StrategyContext, wish: Asked): void {
  if (wish.kind === 'enter') context.enter(wish.entry);
  else if (wish.kind === 'oneOf') context.enterOneOf(wish.entries);
  else if (wish.kind === 'change') context.change(wish.change);
  else if (wish.kind === 'cancel') context.cancel(wish.text);
  else if (wish.kind === 'adjust') context.adjust(wish.exits);
  else if (wish.kind === 'exit')
    context.exit(wish.text, ...(wish.partPpm === 0 ? [] : ([wish.partPpm] as const)));
  else context.note(wish.text);
}
