/** Playbooks of the desk's folder in code: each file a kind of incident, read above this layer. */
import { closestName } from './closest-name.js';
import type { CodedPlaybook } from './coded-playbook.js';
import { type DeskFileError, keyText } from './problem.js';
import type { Desk } from './schema.js';
import type { SchemaProblem } from './schema-problems.js';
import { parameterProblems, schemaFrom } from './step-parts.js';

export interface PlaybooksRead {
  /** Of all files, also of those that can't be used. */
  readonly names: readonly string[];
  readonly playbooks: readonly CodedPlaybook[];
  /** Each problem of a file; null: there is none. */
  readonly refused: DeskFileError | null;
}

/** Never throws for what lies in the folder: a desk that runs goes on without a playbook that was broken meanwhile. */
export type ReadPlaybooks = (folder: string) => PlaybooksRead;

export const withCodedPlaybooks = (desk: Desk, { playbooks }: PlaybooksRead): Desk =>
  playbooks.length === 0 ? desk : { ...desk, coded: playbooks };

/** What `playbooks:` says that no file takes. */
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
  return [...unknown, ...unfit];
}
