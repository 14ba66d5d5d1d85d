/** The playbooks in code of the desk's folder: each file is an incident kind; the files are read above this layer. */
import { closestName } from './closest-name.js';
import type { CodedPlaybook } from './coded-playbook.js';
import { type DeskFileError, keyText } from './problem.js';
import type { Desk } from './schema.js';
import type { SchemaProblem } from './schema-problems.js';
import { parameterProblems, schemaFrom } from './step-parts.js';

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

/** `with:` of a step, which stands above what `playbooks:` gives. */
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
