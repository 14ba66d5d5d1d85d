import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { CheckOutcome } from '../contracts/routine.js';
import { someOf } from '../domain/figure-text.js';
import { check } from './check.js';
import { INSTALLATION, type Npm, npmLimitMs, withNpm } from './npm.js';

const SHOWN_MAX = 20;
const ON_EVERY_REGISTRY = 'npm';

/**
 * Compares installed packages with the registry's newest versions. `critical`: comma-separated names of packages that
 * must not be outdated.
 */
export const packagesOutdated = check(
  'Packages are up to date',
  z.strictObject({ critical: z.string().default('') }),
  ({ stepMs }, { critical }) => judgePackages(INSTALLATION, critical, npmLimitMs(stepMs)),
);

/** `folder`: contains package.json and node_modules. `limitMs`: for all calls together. */
export async function judgePackages(
  folder: string,
  critical: string,
  limitMs: number,
): Promise<CheckOutcome> {
  const names = critical.split(',').flatMap((name) => name.trim() || []);
  const expected = `newest versions${names.length === 0 ? '' : `, of ${names.join(', ')} above all`}`;
  const found = await withNpm(folder, limitMs, (npm) => outdatedIn(folder, names, npm));
  if (typeof found === 'string') return { verdict: 'not_run', observed: found, expected };
  const behind = found.filter(({ name }) => names.includes(name));
  const others = found.filter((one) => !behind.includes(one));
  const observed = [
    behind.length === 0 ? [] : `critical: ${listed(behind)}`,
    others.length === 0 ? [] : `${others.length} others: ${listed(others)}`,
  ].flat();
  if (observed.length === 0) return { verdict: 'pass', observed: 'every package is the newest', expected };
  return { verdict: behind.length > 0 ? 'fail' : 'warn', observed: observed.join('; '), expected };
}

interface Outdated {
  readonly name: string;
  /** Null: not installed. */
  readonly current: string | null;
  readonly latest: string;
}

function listed(packages: readonly Outdated[]): string {
  const each = packages.map(
    ({ name, current, latest }) => `${name} ${current ?? '(missing)'}, newest ${latest}`,
  );
  return someOf(each, SHOWN_MAX);
}

/** The outdated packages, or why they are unknown. */
async function outdatedIn(
  folder: string,
  names: readonly string[],
  npm: Npm,
): Promise<readonly Outdated[] | string> {
  // `npm outdated` silently skips packages that the registry refuses, doesn't know, or no longer has in the installed
  // version.
  const asked = names.length === 0 ? [ON_EVERY_REGISTRY] : names;
  const known = await Promise.all(asked.map((name) => npm('view', name, 'version')));
  const critical: Outdated[] = [];
  for (const [at, one] of known.entries()) {
    const name = asked[at] ?? '';
    if ('problem' in one) return `the registry does not answer for ${name}: ${one.problem}`;
    if (!names.includes(name)) continue;
    const current = installedVersion(folder, name);
    if (current === null) return `${name} is not installed in ${folder}`;
    critical.push({ name, current, latest: String(one.answer) });
  }
  const said = await npm('outdated');
  if ('problem' in said) return `npm could not compare with the registry: ${said.problem}`;
  // A package that is installed more than once has a list of entries.
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
