/**
 * Bundles the workflows at build time: a start bundles nothing, and a broken line in one bundle can't affect the other.
 */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { FAILURE_CONVERTER } from '../temporal/payload-codec.js';

const dist = dirname(dirname(fileURLToPath(import.meta.url)));

/** `packs`: the host of playbooks in code, without the playbooks. */
export const BUNDLES = ['emergency', 'operations', 'packs'] as const;

export type BundleName = (typeof BUNDLES)[number];

export const bundleFile = (name: BundleName): string => join(dist, `workflows-${name}.js`);

/** Writes `dist/workflows-NAME.js` for each. Throws if one can't be bundled. */
async function bundleWorkflows(): Promise<void> {
  for (const name of BUNDLES) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(dist, 'workflows', name, 'bundle.js'),
      workflowInterceptorModules: [join(dist, 'workflows', 'interceptors.js')],
      failureConverterPath: FAILURE_CONVERTER,
      logger: new DefaultLogger('WARN'),
    });
    await writeFile(bundleFile(name), inAscii(withoutSources(code)));
  }
}

const MAP = '//# sourceMappingURL=data:application/json;charset=utf-8;base64,';

/**
 * Without the text of the sources in the map of their lines: nothing shows it, and each worker and its thread read and keep
 * all of it at their start, a third of the file.
 */
function withoutSources(code: string): string {
  const at = code.lastIndexOf(MAP);
  if (at < 0) throw new Error('the bundle has no map of its sources where the library writes it');
  const map = JSON.parse(Buffer.from(code.slice(at + MAP.length), 'base64').toString()) as object;
  const shorter = JSON.stringify({ ...map, sourcesContent: undefined });
  return `${code.slice(0, at)}${MAP}${Buffer.from(shorter).toString('base64')}`;
}

/**
 * V8 stores a text with any other character in two bytes per character, in each worker and in its thread: 3 MB instead
 * of 1.6.
 */
const inAscii = (code: string): string =>
  code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await bundleWorkflows();
