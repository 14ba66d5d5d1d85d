/** Reads a desk file. Either everything in it is valid, or a `DeskFileError` names each problem with its line. */

import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { unfitCharacter } from '../domain/plain-text.js';
import { askedProblems, codedProblems, type ReadPlaybooks, withCodedPlaybooks } from './coded-playbooks.js';
import type { DeskVenue } from './desk-venue.js';
import { triggerRules } from './own-incidents.js';
import {
  artefactProblems,
  entryProblems,
  hoursProblems,
  legRules,
  parameterProblems,
  type ReadStrategies,
  watchRules,
  withOwnStrategies,
} from './own-strategies.js';
import { paperTwinIn, readDeskFile, twinText } from './paper-twin.js';
import { type BrokenRule, keyText } from './problem.js';
import { deskSchema, unknownFeeds } from './rules.js';
import type { Desk } from './schema.js';
import { type SchemaProblem, schemaProblems } from './schema-problems.js';
import { type StepParts, stepProblems } from './step-parts.js';
import { parseYaml } from './yaml-file.js';

export interface LoadedDesk {
  readonly desk: Desk;
  /** The path as given. */
  readonly file: string;
  /** The file that a person wrote, if `file` is made of it and the environment. */
  readonly writtenFile?: string;
  /** The whole desk file, even for a paper twin, whose own file only names its desk. */
  readonly text: string;
  /** The folder with the desk's own checks: `file` may be a copy of what a person wrote, or a twin's. */
  readonly folder: string;
  readonly configHash: string;
}

export interface LoadOptions {
  /** The venues that real orders can go to. Higher layers know them; `venue/load-desk.ts` passes them. */
  readonly venues: readonly DeskVenue[];
  /** The venues that `feeds` may name, called only if `parts` is given; `venue/load-desk.ts` passes it. */
  readonly feeds: () => readonly string[];
  /** Reads the files named by `kind: ./strategies/NAME.ts`; `venue/load-desk.ts` passes it. */
  readonly strategies: ReadStrategies;
  /** Reads the files in `playbooks/`; `venue/load-desk.ts` passes it. */
  readonly playbooks: ReadPlaybooks;
  /** What steps may name; absent if the file was already checked. */
  readonly parts?: StepParts;
  /** The folder with the desk's own files; default: the desk file's folder. */
  readonly folder?: string;
}

/** A paper twin is read from its desk's file; problems name that file. Throws `DeskFileError`. */
export function readDesk(file: string, options: LoadOptions): LoadedDesk {
  const text = readDeskFile(file);
  const yaml = parseYaml(file, text);
  const twin = paperTwinIn(file, text, yaml);
  if (twin === null) return readDeskText(file, text, options, yaml);
  const { folder, text: ofDesk } = readDesk(twin.deskFile, options);
  return readDeskText(file, twinText(ofDesk, twin.file), { ...options, folder });
}

/**
 * Like `readDesk`, for text in memory; `file` is only for messages. `yaml`: where the text is parsed already, which takes
 * longer than everything else here.
 */
export function readDeskText(
  file: string,
  text: string,
  options: LoadOptions,
  { data, refuse } = parseYaml(file, text),
): LoadedDesk {
  const folder = options.folder ?? dirname(resolve(file));
  const coded = options.playbooks(folder);
  const parsed = checkedDesk(text, data, options.venues, coded.names);
  const found = parsed.success
    ? options.parts === undefined
      ? []
      : [
          ...stepProblems(parsed.data, options.parts),
          ...codedProblems(parsed.data, coded),
          ...unknownFeeds(parsed.data, options.feeds()).map(keyed),
          ...textProblems(parsed.data),
        ]
    : schemaProblems(parsed.error.issues, data);
  if (!parsed.success || found.length > 0) throw refuse(found);
  if (options.parts !== undefined) {
    const refused = coded.refused ?? askedProblems(coded, folder, options.parts);
    if (refused !== null) throw refused;
  }
  const withOwn = withOwnStrategies(parsed.data, folder, options.strategies);
  if ('problems' in withOwn) throw refuse(withOwn.problems);
  const desk = withCodedPlaybooks(withOwn.desk, coded);
  const foundTwice = (options.parts === undefined ? [] : triggerRules(desk)).map(keyed);
  const foundOfOwn = desk.strategies.flatMap((strategy, index) =>
    strategy.own === undefined
      ? []
      : [
          ...artefactProblems(strategy, index),
          ...parameterProblems(strategy, index, strategy.own.parameters),
          ...entryProblems(desk, index, options.venues),
          ...hoursProblems(desk, index),
          ...watchRules(strategy, index, strategy.own).map(keyed),
          ...legRules(strategy, index, strategy.own).map(keyed),
        ],
  );
  if (foundOfOwn.length + foundTwice.length > 0) throw refuse([...foundOfOwn, ...foundTwice]);
  return { desk, file, text, folder, configHash: configHash(desk) };
}

type Checked = ReturnType<ReturnType<typeof deskSchema>['safeParse']>;

/** The desk that was found in order last, and what it was checked by. */
let lastInOrder: { readonly by: readonly unknown[]; readonly desk: Desk } | null = null;

/** The parts of a process load its desk one after another: the same text is checked once. Each gets its own desk. */
function checkedDesk(
  text: string,
  data: unknown,
  venues: readonly DeskVenue[],
  coded: readonly string[],
): Checked {
  const by = [text, venues, ...coded];
  if (lastInOrder?.by.length === by.length && by.every((part, index) => part === lastInOrder?.by[index]))
    return { success: true, data: structuredClone(lastInOrder.desk) };
  const checked = deskSchema(venues, coded).safeParse(data);
  if (checked.success) lastInOrder = { by, desk: structuredClone(checked.data) };
  return checked;
}

const keyed = (rule: BrokenRule): SchemaProblem => ({ ...rule, key: keyText(rule.path) });

/** Texts appear in terminals, messages and Postgres: each must read the same wherever it is shown. */
function textProblems(value: unknown, path: readonly PropertyKey[] = []): readonly SchemaProblem[] {
  if (typeof value === 'string') {
    const found = unfitCharacter(value);
    if (found === null) return [];
    const expected = 'text without control and direction characters';
    return [{ path, key: keyText(path), expected, found, doThis: `remove ${found} from it` }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    textProblems(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/**
 * SHA-256 in hex over the desk with its defaults filled in. Comments, order of keys and layout don't count; a
 * strategy's own code and artefacts do. Playbooks in code are left out: they don't trade, so changing one
 * doesn't change the trader's configuration.
 */
function configHash({ coded: _coded, ...desk }: Desk): string {
  const strategies = desk.strategies.map(({ own, ...strategy }) =>
    own === undefined ? strategy : { ...strategy, own: own.hash },
  );
  return createHash('sha256')
    .update(canonicalJson({ ...desk, strategies }))
    .digest('hex');
}

/** JSON with the keys of every object sorted, so equal values yield equal text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}
