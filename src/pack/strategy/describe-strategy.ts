/** Reads the declaration of a compiled strategy, and checks that it makes the same decisions twice. Runs its code. */
import { createHash } from 'node:crypto';
import {
  ARTEFACT_FORMS,
  ARTEFACT_NAME,
  type Artefact,
  type ArtefactForm,
  artefactRules,
} from '../../desk/artefacts.js';
import type { OwnStrategy, StrategyModule } from '../../desk/own-code.js';
import { foundText } from '../../desk/problem.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import { isWithin, rangeText, SETTING_TEXT_MAX, type ValueRange } from '../../domain/declared-value.js';
import { WHOLE_TRADE_PPM } from '../../domain/exits.js';
import { messageOf } from '../../domain/message-of.js';
import { ENTRY_TERMS, type EntryTerm, type Side, WISH_TYPES, type WishType } from '../../domain/order.js';
import { plainText, unfitCharacter } from '../../domain/plain-text.js';
import type { FinishedBar } from '../../domain/quote-columns.js';
import { alwaysOpen } from '../../domain/sessions/session-calendar.js';
import { BarStream } from '../../engine/strategies/bar-stream.js';
import {
  type DeclaredStrategy,
  type EntryWish,
  LEGS_MAX,
  type ParameterSpec,
  readParameters,
  type StrategyContext,
  warmupMinutes,
} from '../../engine/strategies/strategy.js';
import type { CompileProblem } from '../compile.js';
import { HostedStrategy } from './own-definition.js';
import type { SourcePlace } from './refused.js';
import { openContext, whatItThrew } from './strategy-context.js';

interface Declared extends Omit<DeclaredStrategy, 'kind'> {
  readonly forms: Readonly<Record<string, ArtefactForm>>;
}

interface Described {
  readonly declared: Declared;
  readonly trial: Trial;
}

/** Its behaviour on made-up prices, with default parameters. */
export interface Trial {
  /** Minutes after its warm-up. 0: it was not run, because the given artefacts differ from those it declares. */
  readonly bars: number;
  readonly entries: number;
  readonly exits: number;
  /** Of its limit entries, in the order of `ENTRY_TERMS`. */
  readonly terms: readonly EntryTerm[];
  /** SHA-256 in hex over all its wishes and texts. */
  readonly hash: string;
}

interface Failed {
  readonly failed: string;
  /** In its own file, or in one that this imports. Null: not known. */
  readonly place: SourcePlace | null;
}

const NOT_RUN: Trial = { bars: 0, entries: 0, exits: 0, terms: [], hash: '' };
const TRIAL_BARS = 3000;
/** A longer span gets as many bars, but the trial covers no more minutes than this after its warm-up. */
const TRIAL_MINUTES_MAX = 60_000;
/** Always open, so a strategy that waits for certain hours sees all of them. */
const TRIAL_HOURS = alwaysOpen();
const NAME = /^[a-zA-Z][a-zA-Z0-9]{0,39}$/;
/** Two words at least: a single word may belong to any program, like PATH and HOME. */
const VARIABLE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/;
const INSTRUMENT = { symbol: 'BTC/USDT', kind: 'spot', tickSize: '0.01', lotSize: '0.00001' } as const;
/** For a strategy with further legs or watched instruments. */
const OTHERS = ['ETH/USDT', ...Array.from({ length: LEGS_MAX - 1 }, (_, at) => `COIN${at + 1}/USDT`)].map(
  (symbol) => ({ ...INSTRUMENT, symbol }),
);

export function describeStrategy(
  file: string,
  module: StrategyModule,
  artefacts: readonly Artefact[],
): { readonly described: Described } | { readonly problems: readonly CompileProblem[] } {
  const refuse = (found: string, expected: string, place: SourcePlace | null = null) => ({
    problems: [{ file, line: null, ...place, found, expected: `${expected} (docs/STRATEGY.md)` }],
  });
  let written: unknown;
  try {
    written = JSON.parse(openContext(module).declared());
  } catch (error) {
    const { place, text } = whatItThrew(error, module);
    return refuse(`an error while it was loaded: ${text}`, 'a strategy that can be loaded', place);
  }
  const declared = declaredIn(written);
  if (typeof declared === 'string')
    return refuse(declared, 'export default strategy({ suits, parameters, create }) of fermata/strategy');
  const listed = Object.fromEntries(
    artefacts.map(({ name, path, sha256 }) => [name, { file: path, sha256 }]),
  );
  if (artefactRules(file, declared.forms, listed).length > 0)
    return { described: { declared, trial: NOT_RUN } };
  const unreadable = artefacts.flatMap((artefact) => unreadableIn(artefact, declared.forms[artefact.name]));
  if (unreadable.length > 0) return { problems: unreadable };
  const made = { module, artefacts, forms: declared.forms };
  const [first, second] = [runTrial(made, declared), runTrial(made, declared)];
  if ('failed' in first)
    return refuse(`an error on made-up prices: ${first.failed}`, 'a strategy that can be run', first.place);
  if ('failed' in second || first.hash !== second.hash)
    return refuse(
      'a strategy that comes to other decisions when it is run a second time',
      'a strategy that gives the same every time',
    );
  return { described: { declared, trial: first } };
}

function unreadableIn({ path, bytes }: Artefact, form: ArtefactForm | undefined): readonly CompileProblem[] {
  if (form === 'bytes') return [];
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (form === 'json') JSON.parse(text);
    return [];
  } catch (error) {
    const is = form === 'json' ? 'JSON' : 'text in UTF-8';
    return [{ file: path, line: null, found: `content that is no ${is}: ${plainText(messageOf(error))}` }];
  }
}

/** A string: what is wrong with it. */
function declaredIn(written: unknown): Declared | string {
  if (written === null) return 'no default export';
  const { kind, suits, parameters, enters, terms, watches, legs, artefacts, creates } = written as Record<
    string,
    unknown
  >;
  if (kind !== 'strategy' || creates !== true) return 'another default export';
  if (suits !== 'trending' && suits !== 'ranging')
    return `suits: expected one of trending, ranging; found ${foundText(suits)}`;
  const isEntry = (one: unknown): one is WishType => WISH_TYPES.some((type) => type === one);
  if (enters !== undefined && !(Array.isArray(enters) && enters.length > 0 && enters.every(isEntry)))
    return `enters: ${JSON.stringify(enters)}, and not a list of ${WISH_TYPES.join(' or ')}`;
  const isTerm = (one: unknown): one is EntryTerm => ENTRY_TERMS.some((term) => term === one);
  if (terms !== undefined && !(Array.isArray(terms) && terms.length > 0 && terms.every(isTerm)))
    return `terms: ${JSON.stringify(terms)}, and not a list of ${ENTRY_TERMS.join(' or ')}`;
  if (watches !== undefined && watches !== true)
    return `watches: ${JSON.stringify(watches)}, and not true; which instruments is said by the desk file`;
  const isCount = isWithin({ whole: true, min: 2, max: LEGS_MAX }, legs);
  if (legs !== undefined && legs !== true && !isCount)
    return `legs: expected true or a whole number from 2 to ${LEGS_MAX}, found ${foundText(legs)}`;
  if (artefacts !== undefined && !isForms(artefacts))
    return `artefacts: ${JSON.stringify(artefacts)}, and not names of letters and digits with ${ARTEFACT_FORMS.join(' or ')}`;
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters))
    return 'no parameters; where it has none: parameters: {}';
  const specs: ParameterSpec[] = [];
  for (const [name, written] of Object.entries(parameters as Record<string, WrittenParameter | null>)) {
    if (!NAME.test(name)) return `parameters: a name other than 1 to 40 letters and digits: ${name}`;
    const spec = specIn(name, written ?? {});
    if (typeof spec === 'string') return `parameters.${name}: ${spec}`;
    specs.push(spec);
  }
  return {
    ...{ suits, parameters: specs, forms: artefacts ?? {} },
    ...(enters === undefined ? {} : { enters }),
    ...(terms === undefined ? {} : { terms }),
    ...(watches === undefined ? {} : { watches }),
    ...(legs === undefined ? {} : { legs: legs as true | number }),
  };
}

const isForms = (written: unknown): written is Declared['forms'] =>
  typeof written === 'object' &&
  written !== null &&
  Object.entries(written).every(
    ([name, form]) => ARTEFACT_NAME.test(name) && ARTEFACT_FORMS.some((known) => known === form),
  );

/** As written in the file, unchecked. */
type WrittenParameter = Readonly<Record<string, unknown>>;

/** A string: what is wrong with it. */
function specIn(name: string, written: WrittenParameter): ParameterSpec | string {
  const { default: byDefault, meaning, environment } = written;
  const range = rangeIn(written);
  if (typeof range === 'string') return range;
  if (typeof meaning !== 'string') return 'without a meaning in words';
  if (environment !== undefined && (range.type !== undefined || !VARIABLE.test(String(environment))))
    return `environment: expected, of a number alone, a name in capitals of two words at least, such as STOP_POINTS; found ${JSON.stringify(environment)}`;
  const variable = environment === undefined ? {} : { environment };
  if (isWithin(range, byDefault))
    return { name, ...range, default: byDefault, meaning, ...variable } as ParameterSpec;
  return range.type === undefined
    ? 'a default that is not within its own bounds'
    : `default: expected ${rangeText(range)}, found ${JSON.stringify(byDefault)}`;
}

/** A string: what is wrong with it. */
function rangeIn(written: WrittenParameter): ValueRange | string {
  const { type = 'number' } = written;
  switch (type) {
    case 'number': {
      const { whole = false, min, max, default: byDefault } = written;
      if (![min, max, byDefault].every((value) => typeof value === 'number' && Number.isFinite(value)))
        return 'without min, max and default as numbers';
      return typeof whole === 'boolean'
        ? { whole, min: Number(min), max: Number(max) }
        : `whole: expected true or false, found ${JSON.stringify(whole)}`;
    }
    case 'choice': {
      const { choices } = written;
      return isChoices(choices)
        ? { type, choices }
        : `choices: expected 2 to ${CHOICES_MAX} words of 1 to 40 characters, each once`;
    }
    case 'text': {
      const { maxLength = SETTING_TEXT_MAX } = written;
      const fits = isWithin({ whole: true, min: 1, max: SETTING_TEXT_MAX }, maxLength);
      return fits
        ? { type, maxLength: Number(maxLength) }
        : `maxLength: expected a whole number from 1 to ${SETTING_TEXT_MAX}, found ${JSON.stringify(maxLength)}`;
    }
    case 'boolean':
    case 'time':
      return { type };
    default:
      return `type: expected number, choice, boolean, time or text, found ${JSON.stringify(type)}`;
  }
}

/** As typed after `--set`, where a comma ends a value. */
const CHOICE = /^[^\s,]([^,\n]{0,38}[^\s,])?$/;
const CHOICES_MAX = 20;

const isChoices = (choices: unknown): choices is readonly string[] =>
  Array.isArray(choices) &&
  choices.length >= 2 &&
  choices.length <= CHOICES_MAX &&
  new Set(choices).size === choices.length &&
  choices.every(
    (choice) => typeof choice === 'string' && CHOICE.test(choice) && unfitCharacter(choice) === null,
  );

/** A strategy's position in one of its instruments on made-up prices, and what it is shown of it. */
class TrialInstrument {
  /** Its warm-up is over. Before that there is no quote, and nothing may be asked for, as at a real start. */
  begun = false;
  lots = 0;
  close = 0;
  lastBar: FinishedBar | null = null;
  readonly fills: ReturnType<typeof fillOf>[] = [];
  readonly stream: BarStream | null;

  constructor(spansMs: readonly number[] | undefined) {
    this.stream = spansMs === undefined ? null : new BarStream(spansMs, TRIAL_HOURS);
  }

  get lastQuote(): StrategyContext['lastQuote'] {
    return !this.begun || this.close === 0 ? null : { bidTicks: this.close - 1, askTicks: this.close + 1 };
  }

  take(bar: FinishedBar): readonly FinishedBar[] {
    this.lastBar = bar;
    this.close = bar.closeTicks;
    return this.stream?.take(bar) ?? [bar];
  }
}

interface TrialRun {
  readonly own: TrialInstrument;
  readonly beside: readonly TrialInstrument[];
  readonly shorting: boolean;
  readonly add: (what: string) => void;
  entries: number;
  exits: number;
  readonly terms: Set<EntryTerm>;
  failed: string | null;
}

const termsIn = (wish: EntryWish): readonly EntryTerm[] => [
  ...('postOnly' in wish && wish.postOnly === true ? (['postOnly'] as const) : []),
  ...('timeInForce' in wish && wish.timeInForce === 'FOK' ? (['fillOrKill'] as const) : []),
];

/** One of these is made for each bar, so that it holds nothing, and reads the clock only for a strategy that does. */
class TrialContext implements StrategyContext {
  readonly #run: TrialRun;
  readonly #of: TrialInstrument;
  readonly #atMs: number;

  constructor(run: TrialRun, of: TrialInstrument, atMs: number) {
    this.#run = run;
    this.#of = of;
    this.#atMs = atMs;
  }

  get instrument(): StrategyContext['instrument'] {
    return INSTRUMENT as never;
  }

  get positionLots(): number {
    return this.#of.lots;
  }

  get entryResting(): boolean {
    return false;
  }

  get lastQuote(): StrategyContext['lastQuote'] {
    return this.#of.lastQuote;
  }

  get mayAsk(): boolean {
    return this.#of.begun;
  }

  get mayEnter(): boolean {
    return this.#of.begun;
  }

  get shorting(): boolean {
    return this.#run.shorting;
  }

  get stopLossPct(): number {
    return 2;
  }

  get session(): StrategyContext['session'] {
    return TRIAL_HOURS.readingAt(this.#atMs);
  }

  watched(place: number): TrialInstrument {
    return this.#run.beside[place] ?? this.#run.own;
  }

  leg(place: number): StrategyContext {
    return new TrialContext(this.#run, this.watched(place), this.#atMs);
  }

  enter(wish: EntryWish): void {
    this.#run.entries += 1;
    for (const term of termsIn(wish)) this.#run.terms.add(term);
    this.#of.fills.push(fillOf(wish.side, 'entry'));
    this.#of.lots = wish.side === 'buy' ? 100 : this.shorting ? -100 : 0;
    this.#run.add(JSON.stringify(wish));
  }

  exit(because: string, partPpm?: number): void {
    const { lots, fills } = this.#of;
    this.#run.exits += 1;
    fills.push(fillOf(lots > 0 ? 'sell' : 'buy', 'exit'));
    this.#of.lots = partPpm === undefined ? 0 : lots - Math.floor((lots * partPpm) / WHOLE_TRADE_PPM);
    this.#run.add(because);
  }

  adjust(wish: unknown): void {
    this.#run.add(JSON.stringify(wish));
  }

  cancel(because: string): void {
    this.#run.add(because);
  }

  change(wish: unknown): void {
    this.#run.add(JSON.stringify(wish));
  }

  enterOneOf([one, other]: Parameters<StrategyContext['enterOneOf']>[0]): void {
    for (const term of termsIn(other)) this.#run.terms.add(term);
    this.enter(one);
  }

  note(text: string): void {
    this.#run.add(text);
  }

  fail(reason: string): void {
    this.#run.failed = reason;
  }
}

/** Runs on a price path that rises and falls in stretches, so that both trend following and fading strategies act. */
function runTrial(
  made: Pick<OwnStrategy, 'module' | 'forms' | 'artefacts'>,
  { parameters, watches, legs = 1 }: Declared,
): Trial | Failed {
  const { values } = readParameters({ parameters }, {});
  const otherLegs = OTHERS.slice(0, legs === true ? 1 : legs - 1);
  const watched = watches === true ? OTHERS.slice(otherLegs.length).slice(0, 1) : [];
  const strategy = new HostedStrategy(made, values, INSTRUMENT, { legs: otherLegs, watched }, true);
  const { spansMs } = strategy;
  const own = new TrialInstrument(spansMs);
  const beside = [...otherLegs, ...watched].map(() => new TrialInstrument(spansMs));
  const bars = Math.min(TRIAL_MINUTES_MAX, TRIAL_BARS * ((own.stream?.longestMs ?? MINUTE_MS) / MINUTE_MS));
  const warmup = warmupMinutes(strategy);
  const hash = createHash('sha256');
  let [seed, close] = [12_345, 2_000_000];
  const draw = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647 - 0.5;
  };
  const add = (what: string): void => {
    hash.update(`${what}\n`);
  };
  // Most strategies with legs are long one leg and short another.
  const run: TrialRun = {
    own,
    beside,
    shorting: otherLegs.length > 0,
    add,
    entries: 0,
    exits: 0,
    terms: new Set(),
    failed: null,
  };
  for (let at = 0; at < warmup + bars && run.failed === null; at += 1) {
    const openTicks = close;
    close += Math.round(draw() * 8000 + (Math.floor(at / 200) % 2 === 0 ? 300 : -300));
    if (close < 500_000) close = 1_000_000 - close;
    const [highTicks, lowTicks] = [Math.max(openTicks, close) + 300, Math.min(openTicks, close) - 300];
    const openMs = at * MINUTE_MS;
    const prices = { openTicks, highTicks, lowTicks, closeTicks: close };
    own.close = close;
    if (at === warmup) for (const one of [own, ...beside]) one.begun = true;
    const context = new TrialContext(run, own, openMs + MINUTE_MS);
    if (own.begun) {
      for (const [place, one] of [own, ...beside].entries()) {
        const where = place === 0 ? undefined : place - 1;
        for (const fill of one.fills.splice(0))
          strategy.onFill?.(context, { ...fill, priceTicks: one.close }, where);
      }
      const taker = at % 2 === 0 ? 'buy' : null;
      strategy.onQuote?.(context);
      strategy.onTrade?.(context, { priceTicks: close, quantityLots: 100, taker });
      strategy.onTimer?.(context, openMs + MINUTE_MS);
    }
    // Mostly low, now and then high. Volume has no draw of its own, so the prices do not depend on it.
    const bar = { openMs, spanMs: MINUTE_MS, ...prices, volumeLots: (seed % 1_000) ** 3 };
    for (const shown of own.take(bar)) strategy.onBar(context, shown);
    for (const [place, one] of beside.entries())
      for (const shown of one.take(place < otherLegs.length ? apart(bar, place, one.close) : bar))
        strategy.onBar(context, shown, place);
    if (at % 50 === 0) add(`${strategy.state()} ${JSON.stringify(strategy.lines())}`);
  }
  const { entries, exits, failed } = run;
  const terms = ENTRY_TERMS.filter((term) => run.terms.has(term));
  return failed === null ? { bars, entries, exits, terms, hash: hash.digest('hex') } : placed(failed);
}

/** Another leg's bar: follows the first leg's and swings around it by up to 4 %, each at its own pace. */
function apart(bar: FinishedBar, place: number, before: number): FinishedBar {
  const pace = 40 + 30 * place;
  const swing = Math.abs((Math.floor(bar.openMs / MINUTE_MS) % (2 * pace)) - pace) / pace - 0.5;
  const closeTicks = Math.round(bar.closeTicks * (1 + swing / 12.5));
  const openTicks = before === 0 ? closeTicks : before;
  const [highTicks, lowTicks] = [Math.max(openTicks, closeTicks), Math.min(openTicks, closeTicks)];
  return { ...bar, openTicks, highTicks, lowTicks, closeTicks };
}

const fillOf = (side: Side, purpose: 'entry' | 'exit') => ({ side, purpose, quantityLots: 100 });

function placed(failed: string): Failed {
  const [, text = failed, file, line] = /^(.*) \(([^()]*):(\d+)\)$/s.exec(failed) ?? [];
  return { failed: text, place: file === undefined ? null : { file, line: Number(line) } };
}
