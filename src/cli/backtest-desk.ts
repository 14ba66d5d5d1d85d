/**
 * The desk of a backtest: its file plus the options of this one run, checked by every rule of a desk file.
 */
import { basename, dirname, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { Document, parse } from 'yaml';
import { convertersOf, type Scope } from '../backtest/run-on-prices.js';
import type { LoadedDesk } from '../desk/load.js';
import { OWN_STRATEGY } from '../desk/own-code.js';
import type { ReadStrategies } from '../desk/own-strategies.js';
import { DeskFileError } from '../desk/problem.js';
import type { Desk } from '../desk/schema.js';
import { riskSchema } from '../desk/trading-schema.js';
import { closestName } from '../desk/typed-names.js';
import { type DeclaredValue, isWithin, rangeText } from '../domain/declared-value.js';
import { ppmOfPercent } from '../domain/money.js';
import { declaredOf } from '../engine/strategies/registry.js';
import type { ParameterSpec } from '../engine/strategies/strategy.js';
import { readStrategies } from '../pack/strategy/read-strategies.js';
import { type KnownParts, parseDesk } from '../venue/load-desk.js';
import { usageFailure } from './failure.js';

export interface Setting {
  readonly key: string;
  readonly value: string;
}

interface Fees {
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
}

export interface DeskOptions {
  readonly strategy?: string;
  readonly set?: readonly Setting[];
  readonly fees?: Fees;
  readonly slippage?: number;
  readonly latencyMs?: number;
}

interface BacktestDesk extends LoadedDesk {
  /** What differs from the file, as people write it. */
  readonly set: readonly string[];
}

type Path = readonly (string | number)[];

/** Groups of the desk file that affect trading; a backtest ignores the others. */
const GROUPS = ['risk', 'paper', 'breakers', 'resume', 'prices'] as const;
const PLAIN_KEYS = ['timezone', 'dayBoundary'] as const;
/** Keys whose value is text, decimals included; all others are numbers. */
const TEXTS: ReadonlySet<string> = new Set([
  ...['balance', 'currency', 'feesIn', 'tickSize', 'lotSize', 'minNotional', 'spread', 'kind', 'multiplier'],
  ...['each', 'minimum', 'initial', 'maintenance', 'from', 'volumeSoFar'],
  ...['ratePct', 'longPips', 'shortPips', 'rollover', 'zone', 'tripleOn'],
  ...PLAIN_KEYS,
]);
const INSTRUMENT_KEYS = [
  ...['kind', 'tickSize', 'lotSize', 'multiplier', 'minNotional', 'spread'],
  ...['fees.each', 'fees.minimum', 'fees.maximumPct', 'margin.initial', 'margin.maintenance'],
  ...['margin.initialPct', 'margin.maintenancePct'],
  ...['funding.ratePct', 'funding.everyHours'],
  ...['swap.longPips', 'swap.shortPips', 'swap.rollover', 'swap.zone', 'swap.tripleOn'],
];
/** Each says how large an entry is; a desk file has one of them. */
const SIZE_RULES = ['riskPct', 'lots', 'equityPct', 'volatilityPct'];
const SIZE_KEYS = [...SIZE_RULES, 'maxLots'].map((key) => `size.${key}`);
const FEE_PCT_MAX = 10;
/** Coins by name: their amounts are text. */
const FEE_STOCK = 'feeStock';
/** What options of their own set of `paper`: `--set` can set it, too. */
const ofOptions = ({ fees, slippage, latencyMs }: DeskOptions) =>
  [
    ['--fees', 'makerFeePpm', fees?.makerFeePpm],
    ['--fees', 'takerFeePpm', fees?.takerFeePpm],
    ['--slippage', 'slippageTicks', slippage],
    ['--latency-ms', 'latencyMs', latencyMs],
  ] as const;

/** `0.1` or `0.02,0.05` (maker, taker), in percent. */
export function feesValue(text: string): Fees {
  const parts = text
    .split(',')
    .map((part) => (/^\d{1,2}(\.\d{1,4})?$/.test(part) ? Number(part) : Number.NaN));
  const [maker = Number.NaN, taker = maker] = parts;
  if (parts.length > 2 || !(maker <= FEE_PCT_MAX && taker <= FEE_PCT_MAX))
    throw new InvalidArgumentError(
      `expected percent of the value up to ${FEE_PCT_MAX}, with at most four places, such as 0.1, or maker and taker, such as 0.02,0.05`,
    );
  return { makerFeePpm: ppmOfPercent(maker), takerFeePpm: ppmOfPercent(taker) };
}

/** Throws a usage failure if no strategy has prices of everything that it needs. */
export function refuseNothingTraded({ desk, lacking }: Pick<Scope, 'desk' | 'lacking'>): void {
  if (desk.strategies.length > 0) return;
  if (lacking.length === 0)
    throw usageFailure(
      'no strategy of the desk trades what the data is of',
      'name its symbol: --data SYMBOL=FILE',
    );
  throw usageFailure(
    `no strategy has prices of all that it trades together, or looks at: ${lacking.join(', ')} is missing`,
    `give these, too: ${lacking.map((symbol) => `--data ${symbol}=FILE`).join(' ')}`,
  );
}

/**
 * Throws a usage failure that names the option, or `DeskFileError` if a value breaks a rule of the desk file.
 */
export function backtestDesk(given: LoadedDesk, options: DeskOptions): BacktestDesk {
  const file = strategyFile(options.strategy);
  const known = file === null ? {} : { strategies: withFile(file) };
  const loaded = file === null ? given : onlyOf(given, file, known);
  const chosen = strategiesNamed(loaded.desk, file?.name ?? options.strategy);
  refuseTwoWays(options);
  const settings: (readonly [Path, DeclaredValue, string])[] = [
    ...(options.set ?? []).flatMap((setting) => resolved(setting, loaded.desk, chosen)),
    ...ofOptions(options).flatMap(([, key, value]) => ofPaper(key, value)),
  ];
  if (settings.length === 0 && options.strategy === undefined) return { ...loaded, set: [] };
  const document = documentOf(loaded);
  // A percentage of the value applies to every instrument, whatever was traded.
  if (options.fees !== undefined) {
    for (const at of loaded.desk.instruments.keys()) document.deleteIn(['instruments', at, 'fees']);
    for (const key of ['feeTiers', 'volumeSoFar']) document.deleteIn(['paper', key]);
  }
  refuseAlternatives(settings);
  for (const [path, value] of settings) {
    for (const other of alternatives(path)) if (document.hasIn(other)) document.deleteIn(other);
    document.setIn(path, value);
  }
  if (options.strategy !== undefined) {
    // A strategy named here must trade, whatever the file says. Without the other strategies, this is another
    // desk.
    for (const at of chosen) document.setIn(['strategies', at, 'enabled'], true);
    for (const at of [...loaded.desk.strategies.keys()].reverse())
      if (!chosen.includes(at)) document.deleteIn(['strategies', at]);
  }
  const { desk, configHash, text } = judged(loaded, String(document), known);
  const set = settings.map(([, , line]) => line);
  if (options.strategy === undefined) return { ...loaded, desk, configHash, text, set };
  const traded = new Set([
    ...desk.strategies.flatMap(({ symbols, watches = [] }) =>
      [...symbols, ...watches].flatMap((symbol) => [symbol, ...convertersOf(desk, symbol)]),
    ),
    ...Object.values(desk.venue.feeAssets ?? {}),
  ]);
  const instruments = desk.instruments.filter(({ symbol }) => traded.has(symbol));
  const alone = `only the strategy ${file?.name ?? options.strategy}`;
  return { ...loaded, desk: { ...desk, instruments }, configHash, text, set: [alone, ...set] };
}

/** To be changed: each part is written out, since what an alias shares would change with it, or be lost with its anchor. */
const documentOf = ({ text }: LoadedDesk): Document =>
  new Document(parse(text, { stringKeys: true }), { aliasDuplicateObjects: false, stringKeys: true });

function refuseTwoWays(options: DeskOptions): void {
  const keys = new Set(options.set?.map(({ key }) => key));
  for (const [option, key, value] of ofOptions(options))
    if (value !== undefined && keys.has(`paper.${key}`))
      throw usageFailure(`--set paper.${key} and ${option} set the same`, 'leave one of them out');
}

/**
 * What a value set here replaces in the file: a margin is amounts or percentages, and the size of an entry has one rule.
 */
function alternatives(path: Path): readonly Path[] {
  const [group, last] = path.slice(-2);
  const beside = (keys: readonly string[]): readonly Path[] => keys.map((key) => [...path.slice(0, -1), key]);
  if (group === 'margin')
    return beside(
      String(last).endsWith('Pct') ? ['initial', 'maintenance'] : ['initialPct', 'maintenancePct'],
    );
  if (group !== 'size' || !SIZE_RULES.includes(String(last))) return [];
  return beside(SIZE_RULES.filter((rule) => rule !== last));
}

/** Of two that replace each other the later one would count, and the report would list both. */
function refuseAlternatives(settings: readonly (readonly [Path, DeclaredValue, string])[]): void {
  const lines = new Map(settings.map(([path, , line]) => [path.join(), line]));
  for (const [path, , line] of settings)
    for (const other of alternatives(path)) {
      const also = lines.get(other.join());
      if (also !== undefined)
        throw usageFailure(`--set ${line} and --set ${also} exclude each other`, 'leave one of them out');
    }
}

/** The file itself was checked before, so any problem now comes from the command line. */
function judged({ file, folder }: LoadedDesk, text: string, known: KnownParts): LoadedDesk {
  try {
    return parseDesk(file, text, { folder, ...known });
  } catch (error) {
    if (!(error instanceof DeskFileError)) throw error;
    const [problem] = error.problems;
    if (problem === undefined) throw error;
    const { key, expected, found, doThis } = problem;
    // The file needs its quotes; a command line has none.
    const [wanted, advice] = [expected, doThis].map((text) => text.replaceAll(' in quotes', ''));
    const failure = usageFailure(`${key}: expected ${wanted}; found ${found}`, `${advice}`);
    failure.cause = error;
    throw failure;
  }
}

interface NamedFile {
  readonly name: string;
  /** The folder that contains `strategies`, which contains the file. */
  readonly folder: string;
  /** The strategy's kind, as a desk file in that folder names it. */
  readonly kind: string;
}

/** Null if a strategy of the desk is named, or none at all. */
export function strategyFile(named: string | undefined): NamedFile | null {
  if (named === undefined || !/[/\\]|\.[cm]?[jt]s$/.test(named)) return null;
  const file = resolve(named);
  const kind = `./${basename(dirname(file))}/${basename(file)}`;
  if (!OWN_STRATEGY.test(kind))
    throw usageFailure(
      `--strategy: expected a .ts, .js or .mjs file in a folder strategies; found ${named}`,
      '--strategy desks/NAME/strategies/NAME.ts, or the name of one of the desk’s strategies',
    );
  return { kind, folder: dirname(dirname(file)), name: nameOf(file) };
}

/** The name in the form that desk files use. */
const nameOf = (file: string): string =>
  basename(file)
    .replace(/\.\w+$/, '')
    .toLowerCase()
    .replaceAll('_', '-');

/** The strategies of the desk's own folder, plus that file as one of them. */
const withFile =
  ({ kind: named, folder: elsewhere }: NamedFile): ReadStrategies =>
  (folder, kinds, artefacts) => {
    const [its, others] = [[named], kinds.filter((kind) => kind !== named)];
    return new Map([
      ...readStrategies(folder, others, artefacts),
      ...readStrategies(elsewhere, its, artefacts),
    ]);
  };

/**
 * The desk with only that strategy, with the file's own defaults. If the desk lists that very file, then as it lists it
 * first: its symbols, what it watches, its artefacts and the size of its entries, which somebody chose. Otherwise on every
 * symbol that the desk's strategies trade, and a strategy that watches others watches all of these.
 */
function onlyOf(loaded: LoadedDesk, { name, kind, folder }: NamedFile, known: KnownParts): LoadedDesk {
  const { strategies } = loaded.desk;
  const listed = folder === loaded.folder ? strategies.find((strategy) => strategy.kind === kind) : undefined;
  const all = [...new Set(strategies.flatMap(({ symbols }) => symbols))];
  const { symbols, watches, artefacts, size } = listed ?? { symbols: all };
  const only = { name, kind, symbols, watches, artefacts, size, enabled: true, parameters: {} };
  const withOnly = (strategy: object): LoadedDesk => {
    const document = documentOf(loaded);
    document.setIn(['strategies'], document.createNode([strategy], { keepUndefined: false }));
    return judged(loaded, String(document), known);
  };
  const alone = withOnly(only);
  const watchesOthers = listed === undefined && alone.desk.strategies[0]?.own?.watches === true;
  return watchesOthers ? withOnly({ ...only, watches: all }) : alone;
}

/** Indices of the strategies to run. */
function strategiesNamed({ desk, strategies }: Desk, named: string | undefined): readonly number[] {
  const places = strategies.map((_, at) => at);
  if (named === undefined) return places;
  const found = places.filter((at) => strategies[at]?.name === named);
  if (found.length > 0) return found;
  const names = strategies.map(({ name }) => name);
  const near = closestName(named, names);
  throw usageFailure(
    `--strategy: desk ${desk} has no strategy ${named}`,
    near === null ? `write one of: ${names.join(', ')}` : `write --strategy ${near}`,
  );
}

function ofPaper(key: string, value: number | undefined): (readonly [Path, number, string])[] {
  return value === undefined ? [] : [[['paper', key], value, `paper.${key}=${value}`]];
}

/**
 * `STRATEGY.parameter`, `parameter` (of every strategy that has it), `STRATEGY.size.key`, `size.key` (of every strategy),
 * `SYMBOL.key`, `group.key`, or a plain key.
 */
function resolved(
  { key, value }: Setting,
  desk: Desk,
  chosen: readonly number[],
): (readonly [Path, DeclaredValue, string])[] {
  const paths = pathsOf(key, desk, chosen);
  if (paths.length === 0) {
    const near = closestName(key, [...knownKeys(desk, chosen), ...longKeys(desk, chosen)]);
    throw usageFailure(
      `--set: there is nothing called ${key} that a backtest could set`,
      near === null
        ? `write a parameter of a strategy (${parametersOf(desk, chosen).join(', ')}) or a key such as risk.stopLossPct`
        : `write --set ${near}=${value}`,
    );
  }
  return paths.map((path) => {
    const [group, at, part, parameter] = path;
    // A parameter of several strategies is listed once for each of them.
    const of = group === 'strategies' && paths.length > 1 ? `${desk.strategies[Number(at)]?.name}.` : '';
    const line = `${of}${key}=${value}`;
    const spec = part === 'parameters' ? specOf(desk, Number(at), String(parameter)) : undefined;
    if (spec !== undefined && (spec.type ?? 'number') !== 'number') {
      const given = spec.type === 'boolean' && /^(true|false)$/.test(value) ? value === 'true' : value;
      if (!isWithin(spec, given))
        throw usageFailure(
          `--set: ${key}: expected ${rangeText(spec)}; found ${value}`,
          `write --set ${key}=${spec.default}`,
        );
      return [path, given, line] as const;
    }
    const isText =
      group !== 'strategies' &&
      (TEXTS.has(String(path.at(-1))) || group === 'resume' || path[1] === FEE_STOCK);
    const number = /^-?\d{1,15}(\.\d{1,12})?$/.test(value) ? Number(value) : null;
    if (!isText && number === null)
      throw usageFailure(
        `--set: ${key} is a number; found ${value}`,
        /^-?[\d.]+:-?[\d.]+$/.test(value)
          ? `write FROM:TO:STEP to try several: --set ${key}=${value}:STEP`
          : `write --set ${key}=NUMBER`,
      );
    return [path, isText || number === null ? value : number, line] as const;
  });
}

function pathsOf(key: string, desk: Desk, chosen: readonly number[]): readonly Path[] {
  const [head = '', ...rest] = key.split('.');
  const tail = rest.join('.');
  const ofStrategies = chosen
    .filter((at) =>
      tail === '' ? declares(desk, at, head) : desk.strategies[at]?.name === head && declares(desk, at, tail),
    )
    .map((at) => ['strategies', at, 'parameters', tail === '' ? head : tail]);
  if (ofStrategies.length > 0) return ofStrategies;
  const sized = chosen.flatMap((at) => {
    const size = SIZE_KEYS.find((one) => one === key || key === `${desk.strategies[at]?.name}.${one}`);
    return size === undefined ? [] : [['strategies', at, ...size.split('.')]];
  });
  if (sized.length > 0) return sized;
  const instrument = desk.instruments.findIndex(({ symbol }) => symbol === head);
  if (instrument >= 0) return INSTRUMENT_KEYS.includes(tail) ? [['instruments', instrument, ...rest]] : [];
  if (tail === '') return PLAIN_KEYS.some((plain) => plain === head) ? [[head]] : [];
  return knownKeys(desk, chosen).includes(key) ? [[head, ...rest]] : [];
}

const declares = (desk: Desk, at: number, parameter: string): boolean =>
  specOf(desk, at, parameter) !== undefined;

const specOf = (desk: Desk, at: number, parameter: string): ParameterSpec | undefined =>
  specsOf(desk, at).find(({ name }) => name === parameter);

function specsOf({ strategies }: Desk, at: number): readonly ParameterSpec[] {
  const strategy = strategies[at];
  return (strategy && declaredOf(strategy)?.parameters) ?? [];
}

function parametersOf(desk: Desk, chosen: readonly number[]): readonly string[] {
  return [...new Set(chosen.flatMap((at) => specsOf(desk, at).map(({ name }) => name)))];
}

/** Keys as in the desk file, defaults included. */
function knownKeys(desk: Desk, chosen: readonly number[]): readonly string[] {
  const groups = GROUPS.flatMap((group) => leaves(desk[group], group));
  // A limit that the file omits is off, and may be tried here.
  const limits = Object.keys(riskSchema.shape).map((key) => `risk.${key}`);
  return [...groups, ...limits, 'paper.feesIn', ...PLAIN_KEYS, ...parametersOf(desk, chosen)];
}

/** With the strategy or the instrument whose key it is in front; sizes also without, which are of every strategy. */
const longKeys = (desk: Desk, chosen: readonly number[]): readonly string[] => [
  ...SIZE_KEYS,
  ...chosen.flatMap((at) =>
    [...specsOf(desk, at).map(({ name }) => name), ...SIZE_KEYS].map(
      (key) => `${desk.strategies[at]?.name}.${key}`,
    ),
  ),
  ...desk.instruments.flatMap(({ symbol }) => INSTRUMENT_KEYS.map((key) => `${symbol}.${key}`)),
];

function leaves(value: unknown, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, member]) => leaves(member, `${path}.${key}`));
}
