/** The playbooks in code of the desk's folder: each file is an incident kind; the files are read above this layer. */
import { closestName } from './closest-name.js';
import type { CodedPlaybook } from './coded-playbook.js';
import { DeskFileError, type DeskProblem, keyText } from './problem.js';
import type { Desk } from './schema.js';
import type { SchemaProblem } from './schema-problems.js';
import { inPlaybooks, parameterProblems, type StepParts, schemaFrom } from './step-parts.js';

export interface PlaybooksRead {
  /** Names of all files, including unusable ones. */
  readonly names: readonly string[];
  readonly playbooks: readonly CodedPlaybook[];
  /** The problems of all files; null: none. */
  readonly refused: DeskFileError | null;
}

/**
 * Never throws because of the folder's contents: a running desk goes on without a playbook that was broken meanwhile.
 */
export type ReadPlaybooks = (folder: string) => PlaybooksRead;

export const withCodedPlaybooks = (desk: Desk, { playbooks }: PlaybooksRead): Desk =>
  playbooks.length === 0 ? desk : { ...desk, coded: playbooks };

const ASKED = /(?<![.\w$])(\w+)\.(check|report|action)\(\s*(["'`])([\w-]+)\3/g;

/** The incident comes in as a parameter: a name that the code declares itself is something else. */
const isOwn = (code: string, name: string): boolean =>
  name === 'this' || new RegExp(`\\b(?:const|let|var|class|function)\\s+${name}\\b`).test(code);

/**
 * Checks, reports and actions that the code of playbooks names and that don't exist: otherwise found only in the middle
 * of an incident. A name that the code puts together at run time is not checked here.
 */
export function askedProblems(
  { playbooks }: PlaybooksRead,
  folder: string,
  parts: StepParts,
): DeskFileError | null {
  const declared = inPlaybooks(parts);
  const problems = playbooks.flatMap((playbook) =>
    [...playbook.code.matchAll(ASKED)].flatMap(([, whose = '', kind = '', , found = '']): DeskProblem[] => {
      if (isOwn(playbook.code, whose)) return [];
      const known = [...declared[`${kind as 'check' | 'report' | 'action'}s`].keys()];
      if (known.includes(found)) return [];
      const near = closestName(found, known);
      return [
        {
          ...{ line: null, column: null, key: placeOf(playbook, kind, found) },
          ...{ expected: `one of the ${kind}s ${known.join(', ')}`, found },
          doThis: near === null ? 'write one of these' : `write ${near} instead of ${found}`,
        },
      ];
    }),
  );
  return problems.length === 0 ? null : new DeskFileError(folder, problems);
}

/** File and line; only the playbook if its source writes the call differently from the compiled code. */
function placeOf({ name, files }: CodedPlaybook, kind: string, found: string): string {
  const call = new RegExp(`\\.${kind}\\(\\s*["'\`]${found}["'\`]`);
  for (const { path, text } of files) {
    const at = text.search(call);
    if (at >= 0) return `${path}:${text.slice(0, at).split('\n').length}`;
  }
  return `playbooks/${name}`;
}

/** Entries of `playbooks:` that no file accepts. */
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

/** `with:` of a step, which overrides what `playbooks:` gives. */
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
