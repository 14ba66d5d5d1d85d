/** Built once, at build time: a start bundles nothing, and a bad line in one bundle can't reach the other. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { FAILURE_CONVERTER } from '../temporal/data-converter.js';

const dist = dirname(dirname(fileURLToPath(import.meta.url)));

/** `packs`: what runs playbooks in code, without any. */
export const BUNDLES = ['emergency', 'operations', 'packs'] as const;

export type BundleName = (typeof BUNDLES)[number];

export const bundleFile = (name: BundleName): string => join(dist, `workflows-${name}.js`);

/** Writes `dist/workflows-NAME.js` of each. Throws where one can't be bundled. */
async function bundleWorkflows(): Promise<void> {
  for (const name of BUNDLES) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(dist, 'workflows', name, 'bundle.js'),
      workflowInterceptorModules: [join(dist, 'workflows', 'interceptors.js')],
      failureConverterPath: FAILURE_CONVERTER,
      logger: new DefaultLogger('WARN'),
    });
    await writeFile(bundleFile(name), inAscii(code));
  }
}

/** V8 keeps a text with any other character in two bytes a character, in each worker and in its thread: 5 MB instead of 3. */
const inAscii = (code: string): string =>
  code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await bundleWorkflows();
