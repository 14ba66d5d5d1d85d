/**
 * Builds the packs worker's program: our own workflow, bundled when Fermata is built, plus the desk's playbooks. So no
 * bundler runs on a user's machine, and the same files give the same program, whose hash is its build id.
 */
import type { CodedPlaybook } from '../../desk/coded-playbook.js';

/** The global that our workflow reads; only a program made here sets it. */
const GLOBAL = '__FERMATA_PLAYBOOKS__';
const MAP = '//# sourceMappingURL=data:';
/**
 * The library requires a source map at the end of the program. Our full one would take a third of each build's memory.
 */
const NO_MAP = Buffer.from('{"version":3,"file":"workflows-packs.js","sources":[],"names":[],"mappings":""}');

/** `host`: text of `dist/workflows-packs.js`. Throws if it is something else. */
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
