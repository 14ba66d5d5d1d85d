/** Playbooks in code from the desk's folder: each file is an incident kind. A higher layer reads them. */
import type { z } from 'zod';
import type { CodedPlaybook, NamedInCode } from './own-code.js';
import { DeskFileError, type DeskProblem, keyText } from './problem.js';
import type { Desk } from './schema.js';
import type { SchemaProblem } from './schema-problems.js';
import { inPlaybooks, parameterProblems, partProblem, type StepParts, schemaFrom } from './step-parts.js';
import { closestName } from './typed-names.js';

export interface PlaybooksRead {
  /** Names of all files, including unusable ones. */
  readonly names: readonly string[];
  readonly playbooks: readonly CodedPlaybook[];
  /** The problems of all files; null: none. */
  readonly refused: DeskFileError | null;
}

/**
 * Never throws because of the folder's contents: a running desk goes on without a playbook that broke since.
 */
export type ReadPlaybooks = (folder: string) => PlaybooksRead;

export const withCodedPlaybooks = (desk: Desk, { playbooks }: PlaybooksRead): Desk =>
  playbooks.length === 0 ? desk : { ...desk, coded: playbooks };

/**
 * Checks, reports and actions that playbook code names but that don't exist, and values that they don't
 * accept: these would otherwise surface only in the middle of an incident. Values built at run time are not
 * judged here.
 */
export function askedProblems(
  { playbooks }: PlaybooksRead,
  folder: string,
  parts: StepParts,
): DeskFileError | null {
  const declared = inPlaybooks(parts);
  const problems = playbooks.flatMap(({ named }) =>
    named.flatMap((asked): DeskProblem[] => {
      const { kind, name, file, line } = asked;
      const place = { line: null, column: null, key: line === null ? file : `${file}:${line}` };
      const part = declared[`${kind}s`].get(name);
      if (part !== undefined) return givenProblems(asked, part.parameters, place);
      const written = (of: string, one: string) => `incident.${of}('${one}')`;
      return [{ ...place, ...partProblem(kind, name, declared, written) }];
    }),
  );
  return problems.length === 0 ? null : new DeskFileError(folder, problems);
}

function givenProblems(
  { given, later }: NamedInCode,
  parameters: z.ZodObject,
  place: Pick<DeskProblem, 'line' | 'column' | 'key'>,
): DeskProblem[] {
  if (given === null) return [];
  const withLater = { ...given, ...Object.fromEntries(later.map((key) => [key, ''])) };
  return parameterProblems(parameters, withLater, ['with'])
    .filter(({ path, found }) => !later.includes(String(path[1])) || found.startsWith('the unknown key'))
    .map(({ key, expected, found, doThis }) => ({
      ...place,
      expected: `${expected} (${key})`,
      found,
      doThis,
    }));
}

/**
 * Whether a playbook of the desk names this action in its code, with these values where the code has them written out. What
 * a run asks for came through Temporal, and is carried out only if the desk's own files say it.
 */
export const isAskedInCode = (
  { coded = [] }: Pick<Desk, 'coded'>,
  action: string,
  values: Readonly<Record<string, unknown>>,
): boolean =>
  coded.some(({ named }) =>
    named.some(
      ({ kind, name, given, later }) =>
        kind === 'action' && name === action && (given === null || isSaid(values, given, later)),
    ),
  );

function isSaid(
  values: Readonly<Record<string, unknown>>,
  given: NonNullable<NamedInCode['given']>,
  later: readonly string[],
): boolean {
  const known = Object.keys(given);
  return (
    known.every((key) => Object.hasOwn(values, key) && values[key] === given[key]) &&
    Object.keys(values).every((key) => known.includes(key) || later.includes(key))
  );
}

/** Entries of `playbooks:`, and `with:` values of steps, that no playbook file accepts. */
export function codedProblems(desk: Desk, { names, playbooks }: PlaybooksRead): readonly SchemaProblem[] {
  const given = desk.playbooks ?? {};
  const unknown = Object.keys(given)
    .filter((name) => !names.includes(name))
    .map((name): SchemaProblem => {
      const near = closestName(name, names);
      const path = ['playbooks', name];
      return {
        path,
        key: keyText(path),
        expected: `the name of a file of playbooks/ (${names.join(', ') || 'there is none'})`,
        found: name,
        doThis: near === null ? `remove ${name}` : `write ${near} instead of ${name}`,
      };
    });
  const unfit = playbooks.flatMap(({ name, parameters }) =>
    parameterProblems(schemaFrom(parameters), given[name] ?? {}, ['playbooks', name]),
  );
  return [...unknown, ...unfit, ...stepProblems(desk, playbooks)];
}

/** A step's `with:` overrides the values in `playbooks:`. */
function stepProblems(desk: Desk, playbooks: readonly CodedPlaybook[]): readonly SchemaProblem[] {
  return desk.routines.flatMap(({ steps }, routine) =>
    steps.flatMap(({ playbook, with: given }, at) => {
      const found = playbooks.find(({ name }) => name === playbook);
      if (found === undefined) return [];
      const parameters = { ...desk.playbooks?.[found.name], ...given };
      return parameterProblems(schemaFrom(found.parameters), parameters, [
        'routines',
        routine,
        'steps',
        at,
        'with',
      ]);
    }),
  );
}
