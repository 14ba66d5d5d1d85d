/**
 * Reads the playbooks in code of a desk's folder, compiled and described in a separate process. Runs none of them here.
 */
import { join } from 'node:path';
import type { PlaybooksRead } from '../../desk/coded-playbooks.js';
import type { CodedPlaybook } from '../../desk/own-code.js';
import { areAsRead } from '../../desk/own-strategies.js';
import { DeskFileError } from '../../desk/problem.js';
import { NAME, NAME_EXPECTED } from '../../desk/typed-names.js';
import { isShippedKind } from '../../playbooks/registry.js';
import { askChild, packError, problem } from '../child-process.js';
import { type Compiled, findCompiled, keepCompiled } from '../compiled-cache.js';
import { playbookFiles } from '../pack-folder.js';

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
    const expected = `a name of ${NAME_EXPECTED}`;
    throw packError(folder, [problem(file, expected, name, `rename ${file}`)]);
  }
  if (isShippedKind(name)) {
    const found = `the kind of incident ${name} that comes with Fermata`;
    throw packError(folder, [problem(file, 'a name of its own', found, `rename ${file}`)]);
  }
  const kept = findCompiled<CompiledPlaybook>('playbooks', folder, file) ?? compiled(folder, name, file);
  const { file: _file, ...playbook } = kept;
  known.set(place, playbook);
  return playbook;
}

type CompiledPlaybook = CodedPlaybook & Compiled;

function compiled(folder: string, name: string, file: string): CompiledPlaybook {
  const answers = askChild(folder, ['playbook', folder, file], file);
  const [playbook] = answers.flatMap((answer) => ('playbook' in answer ? [answer.playbook] : []));
  const read = { ...playbook, name, file } as CompiledPlaybook;
  keepCompiled('playbooks', folder, read);
  return read;
}

/** The global that our workflow reads; only a program made here sets it. */
const GLOBAL = '__FERMATA_PLAYBOOKS__';
const MAP = '//# sourceMappingURL=data:';
/**
 * The library requires a source map at the end of the program. Our full one would take a third of each build's memory.
 */
const NO_MAP = Buffer.from('{"version":3,"file":"workflows-packs.js","sources":[],"names":[],"mappings":""}');

/**
 * Builds the packs worker's program: our own workflow, bundled when Fermata is built, plus the desk's
 * playbooks. So no bundler runs on a user's machine, and the same files yield the same program, whose hash is
 * its build id. `host`: text of `dist/workflows-packs.js`. Throws if it is something else.
 */
export function bundlePlaybooks(
  host: string,
  playbooks: readonly Pick<CodedPlaybook, 'name' | 'code'>[],
): string {
  const end = host.lastIndexOf(MAP);
  if (end === -1) throw new Error('this is no bundle of workflows: it has no source map');
  const functions = [...playbooks]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, code }) => `${JSON.stringify(name)}: function (module, exports, require) {\n${code}\n}`);
  return [
    host.slice(0, end),
    `var ${GLOBAL} = {\n${functions.join(',\n')}\n};`,
    `${MAP}application/json;base64,${NO_MAP.toString('base64')}`,
  ].join('\n');
}
