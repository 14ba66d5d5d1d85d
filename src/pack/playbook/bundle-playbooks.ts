/**
 * The program of the packs' worker: our own workflow, bundled when Fermata is built, and the desk's playbooks beside it. So no
 * bundler runs on a user's machine, and the same files give the same program, whose hash is its build.
 */
import type { CodedPlaybook } from '../../desk/coded-playbook.js';

/** What our workflow looks for; only a program that was made here has it. */
const GLOBAL = '__FERMATA_PLAYBOOKS__';
const MAP = '//# sourceMappingURL=data:';
/** The library wants one at the end of the program. That of ours would take each build a third of its memory. */
const NO_MAP = Buffer.from('{"version":3,"file":"workflows-packs.js","sources":[],"names":[],"mappings":""}');

/** `host`: text of `dist/workflows-packs.js`. Throws where it is none. */
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
