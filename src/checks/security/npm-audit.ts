/** `npm audit` of an installation: what its lock names, against the registry's list of known vulnerabilities. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { plainEnvironment } from '../../home/plain-environment.js';

export interface Vulnerability {
  /** Of the advisory and the package: the same at each scan. */
  readonly key: string;
  readonly package: string;
  readonly severity: string;
  readonly title: string;
  /** Which versions have it. */
  readonly range: string;
  readonly url: string;
  /** Whether an upgrade removes it. */
  readonly fix: 'upgrade' | 'larger-upgrade' | 'none';
}

const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
/** Where the registry is and how it is reached: npm asks where it would install from. */
const NPM_SETTINGS = /^npm_config_(registry|proxy|https_proxy|noproxy|cafile)$/i;

const advisory = z.object({
  source: z.union([z.number(), z.string()]),
  title: z.string().default('no title'),
  url: z.string().default(''),
  severity: z.string().default('unknown'),
  range: z.string().default('*'),
});
const auditSchema = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({
      via: z.array(z.union([z.string(), advisory])),
      fixAvailable: z
        .union([z.boolean(), z.object({ isSemVerMajor: z.boolean().default(false) })])
        .default(false),
    }),
  ),
});
type Audited = z.output<typeof auditSchema>['vulnerabilities'][string];

/** Rejects with why nothing is known: no lock, no npm, or a registry that was not reached. `limitMs`: for all of it. */
export async function npmAudit(
  folder: string,
  limitMs: number,
  env: NodeJS.ProcessEnv = process.env,
): Promise<readonly Vulnerability[]> {
  if (!existsSync(join(folder, 'package-lock.json')))
    throw new Error(`${folder} has no package-lock.json: which versions run is not known`);
  const settings = Object.entries(env).filter(([name]) => NPM_SETTINGS.test(name));
  const said = await run(folder, limitMs, { ...plainEnvironment(env), ...Object.fromEntries(settings) });
  let answer: unknown;
  try {
    answer = JSON.parse(said.output);
  } catch {
    throw new Error(`npm audit said no JSON (${said.failure ?? 'no reason'})`);
  }
  const { success, data } = auditSchema.safeParse(answer);
  if (!success)
    throw new Error(`npm audit: ${reasonIn(answer) ?? said.failure ?? 'an answer of another form'}`);
  return Object.entries(data.vulnerabilities)
    .flatMap(([name, found]) => vulnerabilitiesOf(name, found))
    .sort((left, right) => left.key.localeCompare(right.key));
}

function vulnerabilitiesOf(name: string, { via, fixAvailable }: Audited): readonly Vulnerability[] {
  const fix =
    fixAvailable === false
      ? 'none'
      : fixAvailable !== true && fixAvailable.isSemVerMajor
        ? 'larger-upgrade'
        : 'upgrade';
  // A text names the package that it is vulnerable through, which has an entry of its own.
  return via.flatMap((one) =>
    typeof one === 'string'
      ? []
      : [{ ...one, key: `${name}:${one.url.split('/').at(-1) || one.source}`, package: name, fix }],
  );
}

/** It ends with 1 where it has found something. */
function run(
  folder: string,
  limitMs: number,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly output: string; readonly failure: string | null }> {
  const args = [
    'audit',
    '--json',
    '--omit=dev',
    '--package-lock-only',
    ...['--fetch-retries=0', '--fetch-timeout=30000', '--no-update-notifier'],
  ];
  return new Promise((resolve) => {
    const options = { cwd: folder, env, timeout: limitMs, maxBuffer: OUTPUT_BYTES_MAX };
    execFile('npm', args, options, (error, output) =>
      resolve({ output, failure: error === null ? null : failureOf(error) }),
    );
  });
}

const failureOf = ({ code, killed }: { readonly code?: unknown; readonly killed?: boolean }): string =>
  code === 'ENOENT'
    ? 'npm is not on this machine'
    : killed === true
      ? 'no answer in time'
      : `it ended with ${code}`;

function reasonIn(answer: unknown): string | null {
  const said = z.object({ message: z.string() }).safeParse(answer);
  if (said.success) return said.data.message;
  const nested = z.object({ error: z.object({ summary: z.string() }) }).safeParse(answer);
  return nested.success ? nested.data.error.summary : null;
}
