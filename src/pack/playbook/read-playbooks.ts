/**
 * Reads the playbooks in code of a desk's folder, compiled and described in a separate process. Runs none of them here.
 */
import { join } from 'node:path';
import type { CodedPlaybook } from '../../desk/coded-playbook.js';
import type { PlaybooksRead } from '../../desk/coded-playbooks.js';
import { isShippedKind } from '../../desk/incident-schema.js';
import { areAsRead } from '../../desk/keep-own-files.js';
import { DeskFileError } from '../../desk/problem.js';
import { askChild, packError, problem } from '../ask-child.js';
import { NAME, playbookFiles } from '../pack-folder.js';

/** By folder and file: a process may read its desk file often, and its playbooks hardly ever change. */
const known = new Map<string, CodedPlaybook>();

/** Only their names, for callers that need no playbook, since compiling one takes time. */
export const playbookNames = (folder: string): PlaybooksRead => ({
  names: playbookFiles(folder).map(({ name }) => name),
  playbooks: [],
  refused: null,
});

/** Each file separately: an unusable one doesn't affect the others. */
export function readPlaybooks(folder: string): PlaybooksRead {
  const files = playbookFiles(folder);
  const playbooks: CodedPlaybook[] = [];
  const refused: DeskFileError[] = [];
  for (const [at, { name, file }] of files.entries()) {
    try {
      const same = files.find((one) => one.name === name);
      if (same !== files[at])
        throw packError(folder, [
          problem(file, 'each name once', `the name of ${same?.file}`, `rename ${file}`),
        ]);
      playbooks.push(described(folder, name, file));
    } catch (error) {
      if (!(error instanceof DeskFileError)) throw error;
      refused.push(error);
    }
  }
  const problems = refused.flatMap((error) => error.problems);
  return {
    names: files.map(({ name }) => name),
    playbooks,
    refused: problems.length === 0 ? null : new DeskFileError(folder, problems),
  };
}

/** Throws `DeskFileError`. */
function described(folder: string, name: string, file: string): CodedPlaybook {
  const place = join(folder, file);
  const before = known.get(place);
  if (before !== undefined && areAsRead(folder, before.files)) return before;
  if (!NAME.test(name)) {
    const expected = 'a name of 1 to 40 lower case letters, digits and dashes';
    throw packError(folder, [problem(file, expected, name, `rename ${file}`)]);
  }
  if (isShippedKind(name)) {
    const found = `the kind of incident ${name} that comes with Fermata`;
    throw packError(folder, [problem(file, 'a name of its own', found, `rename ${file}`)]);
  }
  for (const answer of askChild(folder, ['playbook', folder, file], file))
    if ('playbook' in answer) known.set(place, { name, ...answer.playbook });
  return known.get(place) as CodedPlaybook;
}
