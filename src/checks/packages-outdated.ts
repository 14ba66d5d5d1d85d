import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { CheckOutcome } from '../contracts/routine.js';
import { messageOf } from '../domain/message-of.js';
import { plainEnvironment } from '../home/plain-environment.js';
import { check } from './check.js';

/** Where Fermata is installed. */
const INSTALLATION = fileURLToPath(new URL('../..', import.meta.url));
const LIMIT_MS = 120_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const SHOWN_MAX = 20;
const ON_EVERY_REGISTRY = 'npm';
const ASKED_ONCE_MORE = ['--fetch-retries', '1', '--fetch-retry-mintimeout', '1000'];
/** Which registry npm asks, and through what. */
const OF_NPM = /^(npm_config_(registry|userconfig|cafile|proxy|https_proxy|noproxy)|https?_proxy|no_proxy)$/i;

/** Compares what is installed with the registry's newest. `critical`: names of packages, by commas, that must not be behind. */
export const packagesOutdated = check(
  z.strictObject({ critical: z.string().default('') }),
  ({ stepMs = LIMIT_MS }, { critical }) => judgePackages(INSTALLATION, critical, stepMs),
);

/** `folder`: with package.json and node_modules. `limitMs` is for all of it. */
export async function judgePackages(
  folder: string,
  critical: string,
  limitMs: number,
): Promise<CheckOutcome> {
  const names = critical.split(',').flatMap((name) => name.trim() || []);
  const expected = `newest versions${names.length === 0 ? '' : `, of ${names.join(', ')} above all`}`;
  // An old answer of npm's own cache would stand for the registry where that can't be reached.
  const cache = await mkdtemp(join(tmpdir(), 'fermata-npm-'));
  try {
    const found = await outdatedIn(folder, names, { cache, signal: AbortSignal.timeout(limitMs) });
    if (typeof found === 'string') return { verdict: 'not_run', observed: found, expected };
    const behind = found.filter(({ name }) => names.includes(name));
    const others = found.filter((one) => !behind.includes(one));
    const observed = [
      behind.length === 0 ? [] : `critical: ${listed(behind)}`,
      others.length === 0 ? [] : `${others.length} others: ${listed(others)}`,
    ].flat();
    if (observed.length === 0) return { verdict: 'pass', observed: 'every package is the newest', expected };
    return { verdict: behind.length > 0 ? 'fail' : 'warn', observed: observed.join('; '), expected };
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}

interface Outdated {
  readonly name: string;
  /** Null: it is not there at all. */
  readonly current: string | null;
  readonly latest: string;
}

function listed(packages: readonly Outdated[]): string {
  const shown = packages
    .slice(0, SHOWN_MAX)
    .map(({ name, current, latest }) => `${name} ${current ?? '(missing)'}, newest ${latest}`);
  const more = packages.length - shown.length;
  return [...shown, ...(more === 0 ? [] : [`and ${more} more`])].join('; ');
}

interface Asking {
  readonly cache: string;
  readonly signal: AbortSignal;
}

/** Those that are behind; or why nobody knows. */
async function outdatedIn(
  folder: string,
  names: readonly string[],
  asking: Asking,
): Promise<readonly Outdated[] | string> {
  // `npm outdated` passes in silence over what the registry refuses, does not know, or no longer has in the version that is here.
  const asked = names.length === 0 ? [ON_EVERY_REGISTRY] : names;
  const known = await Promise.all(asked.map((name) => npm(folder, ['view', name, 'version'], asking)));
  const critical: Outdated[] = [];
  for (const [at, one] of known.entries()) {
    const name = asked[at] ?? '';
    if ('problem' in one) return `the registry does not answer for ${name}: ${one.problem}`;
    if (!names.includes(name)) continue;
    const current = installedVersion(folder, name);
    if (current === null) return `${name} is not installed in ${folder}`;
    critical.push({ name, current, latest: String(one.answer) });
  }
  const said = await npm(folder, ['outdated'], asking);
  if ('problem' in said) return `npm could not compare with the registry: ${said.problem}`;
  // A package that is there more than once has a list.
  const entries = Object.entries(said.answer as Readonly<Record<string, Entry | readonly Entry[]>>);
  const others = entries.flatMap(([name, one]) => {
    const [first] = [one].flat() as readonly Entry[];
    // A folder or a git repository has no newest version.
    if (first === undefined || names.includes(name) || !/^\d/.test(first.latest)) return [];
    return [{ name, current: first.current ?? null, latest: first.latest }];
  });
  return [...critical, ...others].filter(({ current, latest }) => current !== latest);
}

function installedVersion(folder: string, name: string): string | null {
  try {
    const text = readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8');
    return (JSON.parse(text) as { readonly version: string }).version;
  } catch {
    return null;
  }
}

interface Entry {
  readonly current?: string;
  readonly latest: string;
}

type Said = { readonly answer: unknown } | { readonly problem: string };

/** What npm answers in JSON. Its exit code says nothing here: it is 1 for every package that is behind. */
function npm(folder: string, args: readonly string[], { cache, signal }: Asking): Promise<Said> {
  const own = Object.entries(process.env).filter(([name]) => OF_NPM.test(name));
  const env = { ...plainEnvironment(), ...Object.fromEntries(own) };
  const given = [...args, '--json', '--cache', cache, ...ASKED_ONCE_MORE, '--no-update-notifier'];
  return new Promise((resolve) => {
    execFile('npm', given, { cwd: folder, env, signal, maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout) => {
      // Nothing said and no failure: nothing is behind.
      if (error === null && stdout.trim() === '') return resolve({ answer: {} });
      resolve(readAnswer(stdout) ?? { problem: error === null ? 'no answer in JSON' : messageOf(error) });
    });
  });
}

function readAnswer(stdout: string): Said | null {
  try {
    const answer: unknown = JSON.parse(stdout);
    const { error } = (answer ?? {}) as {
      readonly error?: { readonly code?: string; readonly summary?: string };
    };
    if (error?.summary === undefined) return { answer };
    return { problem: [error.code, error.summary].filter((part) => part !== undefined).join(': ') };
  } catch {
    return null;
  }
}
