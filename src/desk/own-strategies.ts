/**
 * Strategies from the desk's own folder (`kind: ./strategies/NAME.ts`), which a higher layer reads, and
 * copies of the files of the desk's own strategies and playbooks.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isWithin, rangeText } from '../domain/declared-value.js';
import { ENTRY_TYPES, type EntryType, type WishType } from '../domain/order.js';
import {
  type DeclaredStrategy,
  hasLegs,
  LEGS_MAX,
  type ParameterSpec,
} from '../engine/strategies/strategy.js';
import { ArtefactReader, artefactRules, type ListedArtefacts } from './artefacts.js';
import { type DeskVenue, ordersLeave } from './desk-venue.js';
import { OWN_STRATEGY, type OwnStrategy, type StrategyFile } from './own-code.js';
import { type BrokenRule, keyText } from './problem.js';
import type { Desk } from './schema.js';
import { closestName } from './typed-names.js';

/**
 * Keyed by `kind`. `artefacts`: what the desk file lists for them; the caller adds their content. Throws
 * `DeskFileError` with each problem of a file.
 */
export type ReadStrategies = (
  folder: string,
  kinds: readonly string[],
  artefacts?: ListedArtefacts,
) => ReadonlyMap<string, OwnStrategy>;

type Problem = BrokenRule & { readonly key: string };

/** Before anything is compiled, refuses an artefact that differs from what the desk file says. */
export function withOwnStrategies(
  desk: Desk,
  folder: string,
  read: ReadStrategies,
): { readonly desk: Desk } | { readonly problems: readonly Problem[] } {
  const reader = new ArtefactReader(folder);
  const given = desk.strategies.map(({ artefacts }) => reader.read(artefacts));
  const problems = given.flatMap((one, index) => one.problems.map((problem) => inStrategy(index, problem)));
  if (problems.length > 0) return { problems };
  const isOwn = ({ kind }: Desk['strategies'][number]): boolean => OWN_STRATEGY.test(kind);
  const plain = desk.strategies.filter((strategy) => isOwn(strategy) && strategy.artefacts === undefined);
  const kinds = [...new Set(plain.map(({ kind }) => kind))];
  const found = kinds.length === 0 ? new Map<string, never>() : read(folder, kinds);
  return {
    desk: {
      ...desk,
      strategies: desk.strategies.map((strategy, index) => {
        const { kind, artefacts } = strategy;
        if (!isOwn(strategy)) return strategy;
        const own = artefacts === undefined ? found.get(kind) : read(folder, [kind], artefacts).get(kind);
        const content = given[index]?.artefacts ?? [];
        return own === undefined ? strategy : { ...strategy, own: { ...own, artefacts: content } };
      }),
    },
  };
}

const inStrategy = (
  index: number,
  { path: below, ...rest }: { readonly path: readonly string[] } & Omit<BrokenRule, 'path'>,
): Problem => {
  const path = ['strategies', index, ...below];
  return { ...rest, path, key: keyText(path) };
};

export interface OwnFile {
  /** Relative to the desk's folder, with `/`. */
  readonly path: string;
  readonly content: string | Uint8Array;
}

/** Files of all strategies, with their artefacts, and of playbooks in code, each once. */
export const ownFiles = ({
  strategies,
  coded = [],
}: Pick<Desk, 'strategies' | 'coded'>): readonly OwnFile[] => {
  const files = [...strategies.flatMap(({ own }) => own?.files ?? []), ...coded.flatMap((one) => one.files)];
  return [
    ...new Map(files.map(({ path, text }) => [path, { path, content: text }])).values(),
    ...artefactFiles({ strategies }),
  ];
};

/** Each once. */
export const artefactFiles = ({ strategies }: Pick<Desk, 'strategies'>): readonly OwnFile[] => {
  const all = strategies.flatMap(({ own }) => own?.artefacts ?? []);
  return [...new Map(all.map(({ path, bytes }) => [path, { path, content: bytes }])).values()];
};

/** Artefacts that a strategy declares but is not given, or is given but does not declare. */
export const artefactProblems = (
  { kind, own, artefacts }: Desk['strategies'][number],
  index: number,
): readonly Problem[] =>
  own === undefined ? [] : artefactRules(kind, own.forms, artefacts).map((rule) => inStrategy(index, rule));

/** Entries of `parameters` that fit no declared parameter. */
export function parameterProblems(
  { kind, parameters }: Desk['strategies'][number],
  index: number,
  declared: readonly ParameterSpec[],
): (BrokenRule & { readonly key: string })[] {
  const names = declared.map(({ name }) => name);
  return Object.entries(parameters).flatMap(([name, value]) => {
    const path = ['strategies', index, 'parameters', name];
    const key = keyText(path);
    const range = declared.find((spec) => spec.name === name);
    if (range === undefined) {
      const near = closestName(name, names);
      const expected = `a parameter of ${kind} (${names.join(', ')})`;
      const doThis = near === null ? `remove ${name}` : `write ${near} instead of ${name}`;
      return [{ path, key, expected, found: name, doThis }];
    }
    const isNumber = (range.type ?? 'number') === 'number';
    const doThis = `write ${isNumber ? 'a number within these bounds' : 'that'}; the default is ${range.default}`;
    return isWithin(range, value)
      ? []
      : [{ path, key, expected: rangeText(range), found: String(value), doThis }];
  });
}

/** Refuses `watches` for a strategy that would mistake those bars for bars of its own instrument. */
export function watchRules(
  { kind, watches = [] }: Pick<Desk['strategies'][number], 'kind' | 'watches'>,
  index: number,
  declared: Pick<DeclaredStrategy, 'watches'> | undefined,
): BrokenRule[] {
  if (watches.length === 0 || declared === undefined || declared.watches === true) return [];
  return [
    {
      path: ['strategies', index, 'watches'],
      expected: 'no instruments to look at, unless the strategy says watches: true',
      found: `${watches.join(', ')} for ${kind}`,
      doThis:
        'take watches out here, or let the strategy tell bars apart by bar.symbol and say watches: true',
    },
  ];
}

/** Refuses a number of symbols that the strategy does not trade as one. */
export function legRules(
  { symbols }: Pick<Desk['strategies'][number], 'symbols'>,
  index: number,
  declared: Pick<DeclaredStrategy, 'legs'> | undefined,
): BrokenRule[] {
  if (declared === undefined || hasLegs(declared, symbols.length)) return [];
  const { legs } = declared;
  const count = typeof legs === 'number' ? `${legs} symbols` : `2 to ${LEGS_MAX} symbols`;
  return [
    {
      path: ['strategies', index, 'symbols'],
      expected: `${count}, which the strategy trades as one`,
      found: `${symbols.length}: ${symbols.join(', ')}`,
      doThis: 'write the symbols of one such set here, and list the strategy once more for another set',
    },
  ];
}

/** Entry types and terms of limit entries that the venue refuses for an instrument of the strategy. */
export function entryProblems(
  desk: Pick<Desk, 'mode' | 'venue' | 'instruments' | 'strategies'>,
  index: number,
  venues: readonly DeskVenue[],
): (BrokenRule & { readonly key: string })[] {
  const { kind, own, symbols = [] } = desk.strategies[index] ?? {};
  const venue = ordersLeave(desk) ? venues.find(({ name }) => name === desk.venue.name) : undefined;
  // A waiting entry leaves the core as a limit order.
  const orderOf = (type: WishType): EntryType => ENTRY_TYPES.find((known) => known === type) ?? 'limit';
  if (venue === undefined) return [];
  const path = ['strategies', index, 'kind'];
  const at = { path, key: keyText(path) };
  const problems = symbols.flatMap((symbol) => {
    const instrument = desk.instruments.find((one) => one.symbol === symbol);
    const taken = instrument === undefined ? undefined : venue.takes[instrument.kind];
    if (taken === undefined) return [];
    const { entries = ENTRY_TYPES } = taken.can;
    const wrong = own?.enters?.find((type) => !entries.includes(orderOf(type)));
    const orders = `${entries.join(' or ')} orders`;
    const byType = {
      expected: `a strategy whose entries in ${symbol} are ${orders}, as they go to ${venue.name}`,
      found: `${kind}, which says enters: ${wrong}`,
      doThis: `let it enter by ${orders}, or trade ${symbol} at another venue`,
    };
    const isDeclared = own?.terms !== undefined;
    const terms = own?.terms ?? own?.asked ?? [];
    const untaken = terms.filter((term) => taken.can[term] !== true).join(' and ');
    const byTerms = {
      expected: `a strategy whose limit entries in ${symbol} are without ${untaken}, as they go to ${venue.name}`,
      found: isDeclared
        ? `${kind}, which says terms: ${untaken}`
        : `${kind}, which asked for ${untaken} on made-up prices`,
      doThis: `let it enter by limits without that${isDeclared ? ' and take it from terms' : ''}, or trade ${symbol} at another venue`,
    };
    return [
      ...(wrong === undefined ? [] : [{ ...at, ...byType }]),
      ...(untaken === '' ? [] : [{ ...at, ...byTerms }]),
    ];
  });
  // The same problem in several instruments is reported once.
  return problems.filter(({ found }, place) => problems.findIndex((one) => one.found === found) === place);
}

/** Entries at the open or the close, in a market that has neither. */
export function hoursProblems(
  { instruments, strategies }: Pick<Desk, 'instruments' | 'strategies'>,
  index: number,
): (BrokenRule & { readonly key: string })[] {
  const { kind, own, symbols = [] } = strategies[index] ?? {};
  const wrong = own?.enters?.find((type) => type === 'atOpen' || type === 'atClose');
  const isAlwaysOpen = (symbol: string): boolean => {
    const { sessions } = instruments.find((one) => one.symbol === symbol) ?? {};
    return sessions === undefined || sessions.calendar === '24x7';
  };
  const symbol = wrong === undefined ? undefined : symbols.find(isAlwaysOpen);
  if (symbol === undefined) return [];
  const path = ['strategies', index, 'kind'];
  return [
    {
      path,
      key: keyText(path),
      expected: `a strategy that enters by no open or close, as ${symbol} trades around the clock`,
      found: `${kind}, which says enters: ${wrong}`,
      doThis: `write the hours of ${symbol} (instruments[].sessions), or take ${symbol} from its symbols`,
    },
  ];
}

/** Next to a copy of its desk file, so the copy is the same desk. Each file atomically: others may read or write it meanwhile. */
export function keepOwnFiles(folder: string, desk: Pick<Desk, 'strategies' | 'coded'>): void {
  for (const { path, content } of ownFiles(desk)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const next = `${file}.${process.pid}.new`;
    writeFileSync(next, content, { mode: 0o600 });
    renameSync(next, file);
  }
}

/** Whether each file is still as it was read; an unreadable one isn't. */
export function areAsRead(folder: string, files: readonly StrategyFile[]): boolean {
  try {
    return files.every(({ path, text }) => readFileSync(join(folder, path), 'utf8') === text);
  } catch {
    return false;
  }
}
