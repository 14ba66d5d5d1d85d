/**
 * Bundles of workflows: made at build time, and those of earlier builds that ran here. A run ends under the
 * code it began with, so that code stays until none of its runs is open. A file is named after the hash of
 * its contents.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { BuildsOf } from '../contracts/queues.js';
import { messageOf } from '../domain/message-of.js';
import { homePaths } from '../home/runtime.js';
import { FAILURE_CONVERTER } from '../temporal/payload-codec.js';

/** A bundle is about 2 MB. */
const BYTES_MAX = 16 * 1024 * 1024;
const SPARE_MAX = 5;
const BUILD_ID = /^[0-9a-f]{16}$/;

export const buildIdOf = (code: string): string =>
  createHash('sha256').update(code).digest('hex').slice(0, 16);

const ENTRY = /^\/\*{3}\/ "[^"\n]*\/workflows\/\w+\/bundle\.[jt]s"$/m;
const EXPORTED = /harmony export \*\/\s+(\w+): \(\) =>/g;
const NEXT_PART = '\n/***/ "';

/** The workflow types in a bundle: the exports of its entry. Null if they can't be determined. */
export function typesOf(code: string): ReadonlySet<string> | null {
  const begin = code.search(ENTRY);
  const part = begin === -1 ? '' : code.slice(begin, code.indexOf(NEXT_PART, begin + 1) >>> 0);
  const types = [...part.matchAll(EXPORTED)].flatMap(([, name]) => name ?? []);
  return types.length === 0 ? null : new Set(types);
}

const fileOf = (home: string, buildId: string, of: BuildsOf): string =>
  join(homePaths(home).workflowBundles, `${of}-${buildId}.js`);

/** Returns the build id. Rewrites the file if it is incomplete. */
export async function keepBundle(home: string, code: string, of: BuildsOf = 'operations'): Promise<string> {
  const buildId = buildIdOf(code);
  const kept = await readKeptBundle(home, buildId, of);
  if ('code' in kept) {
    const now = new Date();
    await utimes(fileOf(home, buildId, of), now, now);
    return buildId;
  }
  await mkdir(homePaths(home).workflowBundles, { recursive: true, mode: 0o700 });
  const file = fileOf(home, buildId, of);
  await writeFile(`${file}.new`, code, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return buildId;
}

/** Returns only code that is exactly what was stored; anything else is reported as a problem. */
export async function readKeptBundle(
  home: string,
  buildId: string,
  of: BuildsOf = 'operations',
): Promise<{ readonly code: string } | { readonly problem: string }> {
  if (!BUILD_ID.test(buildId)) return { problem: `${JSON.stringify(buildId)} is no build of Fermata` };
  const file = fileOf(home, buildId, of);
  try {
    const { size } = await stat(file);
    if (size > BYTES_MAX)
      return { problem: `${file} has ${size} bytes; workflows have ${BYTES_MAX} at most` };
    const code = await readFile(file, 'utf8');
    return buildIdOf(code) === buildId ? { code } : { problem: `${file} is not what was kept there` };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { problem: isMissing ? `${file} is missing` : `${file} can't be read: ${messageOf(error)}` };
  }
}

/** A run that has ended can be reset, so the newest bundles stay even if nothing needs them. */
export async function dropUnneeded(
  home: string,
  needed: ReadonlySet<string>,
  of: BuildsOf = 'operations',
): Promise<void> {
  const folder = homePaths(home).workflowBundles;
  const unneeded: { readonly file: string; readonly usedMs: number }[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(`${of}-`) || !name.endsWith('.js')) continue;
    const buildId = name.slice(of.length + 1, -'.js'.length);
    if (!BUILD_ID.test(buildId) || needed.has(buildId)) continue;
    const file = join(folder, name);
    unneeded.push({ file, usedMs: (await stat(file)).mtimeMs });
  }
  unneeded.sort((one, other) => other.usedMs - one.usedMs);
  for (const { file } of unneeded.slice(SPARE_MAX)) await rm(file, { force: true });
}

const dist = dirname(dirname(fileURLToPath(import.meta.url)));

/** `packs`: the host of playbooks in code, without the playbooks. */
export const BUNDLES = ['emergency', 'operations', 'packs'] as const;

export type BundleName = (typeof BUNDLES)[number];

export const bundleFile = (name: BundleName): string => join(dist, `workflows-${name}.js`);

/**
 * At build time: a start bundles nothing, and a broken line in one bundle can't affect the other. Writes
 * `dist/workflows-NAME.js` for each; throws if one can't be bundled.
 */
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
