/** Finds a Temporal server, in a fixed order; never hangs silently. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { externalTemporal } from '../../home/external-temporal.js';
import { type OnProgress, StartFailure } from '../up-options.js';
import {
  buildTemporal,
  cachedBinaries,
  cachedBinary,
  downloadTemporal,
  withCacheLock,
} from './fetch-temporal.js';
import { OPTIONS_NEEDED, TEMPORAL_SERVER_MINIMUM } from './server-options.js';

export type TemporalSource =
  /** A server that somebody else runs. */
  | { readonly kind: 'address'; readonly address: string }
  | {
      readonly kind: 'binary';
      readonly path: string;
      readonly serverVersion: string;
      readonly from: 'path' | 'cache' | 'download' | 'build';
    };

type BinarySource = Extract<TemporalSource, { readonly kind: 'binary' }>;

class TemporalNotFound extends Error {
  override readonly name = 'TemporalNotFound';
  readonly keptSafe = 'nothing was started';

  constructor(
    why: readonly string[],
    readonly doThis = WAYS_OUT,
  ) {
    super(['no Temporal server could be found:', ...why.map((reason) => `- ${reason}`)].join('\n'));
  }
}

const WAYS_OUT =
  'any one of these helps: (1) put the Temporal CLI with server 1.29 or newer on PATH, see ' +
  'https://docs.temporal.io/cli/setup-cli; (2) install Go 1.25 or newer, and it is built once and kept; ' +
  '(3) set FERMATA_TEMPORAL=external and TEMPORAL_ADDRESS=host:port to a server that already runs';

/** What the server of one version has stored: no other version goes on with it. */
export interface TemporalDatabase {
  readonly serverVersion: string;
  readonly file: string;
}

interface ResolveOptions {
  /** That of the server that ran last here; null: none ran yet. */
  readonly database?: TemporalDatabase | null;
  readonly env?: NodeJS.ProcessEnv;
  readonly onProgress?: OnProgress;
  /** Ends a download or a build. */
  readonly signal?: AbortSignal;
}

/** Temporal's own variables that name a server. */
const NAMES_A_SERVER = /^TEMPORAL_(ADDRESS|PROFILE|CONFIG_FILE|API_KEY|TLS.*)$/;

/** From FERMATA_TEMPORAL; never guessed. Throws `TemporalChoice`. */
export function temporalKind(env: NodeJS.ProcessEnv): 'managed' | 'external' {
  const kind = env.FERMATA_TEMPORAL || 'managed';
  if (kind !== 'managed' && kind !== 'external')
    throw new TemporalChoice(
      `FERMATA_TEMPORAL: expected managed or external, found ${kind}`,
      'set one of the two',
    );
  const named = Object.keys(env).filter((name) => NAMES_A_SERVER.test(name) && env[name]);
  if (kind === 'external' || named.length === 0) return kind;
  throw new TemporalChoice(
    `${named.join(', ')} name${named.length === 1 ? 's' : ''} a Temporal server, but FERMATA_TEMPORAL is not external`,
    `set FERMATA_TEMPORAL=external to use that server, or unset ${named.join(', ')} for one of our own`,
  );
}

class TemporalChoice extends Error {
  override readonly name = 'TemporalChoice';
  readonly keptSafe = 'nothing was started';

  constructor(
    message: string,
    readonly doThis: string,
  ) {
    super(message);
  }
}

function externalAddress(env: NodeJS.ProcessEnv): string {
  const { address } = externalTemporal(env);
  if (address) return address;
  throw new TemporalChoice(
    'FERMATA_TEMPORAL is external, and neither TEMPORAL_ADDRESS nor the profile names an address',
    'set TEMPORAL_ADDRESS=host:port, or TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE with an address in it',
  );
}

/**
 * In this order: the server named with FERMATA_TEMPORAL=external, a `temporal` on PATH, the cached one, a download, a
 * build from source. Throws TemporalNotFound with every reason and the three ways out. Where a server ran before, only
 * one of its version will do: any other would begin without the runs that are open. Throws StartFailure if there is none.
 */
export async function resolveTemporal(options: ResolveOptions = {}): Promise<TemporalSource> {
  const env = options.env ?? process.env;
  const onProgress = options.onProgress ?? (() => undefined);
  if (temporalKind(env) === 'external') return { kind: 'address', address: externalAddress(env) };
  if (options.database) return resolveFor(options.database, { ...options, env, onProgress });
  const why: string[] = [];
  const onPath = await fromPath(env, onProgress, why);
  if (onPath) return onPath;
  const cached = await fromCache(env, onProgress, why);
  if (cached) return cached;
  const found = await fetchOnce(env, onProgress, why, options.signal);
  if (found) return found;
  throw new TemporalNotFound(why);
}

async function resolveFor(
  database: TemporalDatabase,
  { env, onProgress, signal }: ResolveOptions & Required<Pick<ResolveOptions, 'env' | 'onProgress'>>,
): Promise<TemporalSource> {
  const { serverVersion } = database;
  const onPath = await findOnPath('temporal', env.PATH ?? '');
  const candidates = [
    ...(onPath === null ? [] : [{ path: onPath, from: 'path' as const }]),
    ...(await cachedBinaries(env)).map((path) => ({ path, from: 'cache' as const })),
  ];
  const why = onPath === null ? ['no temporal on PATH'] : [];
  const unanswered: string[] = [];
  let isPinnedOther = false;
  for (const { path, from } of candidates) {
    const examined = await examineBinary(path);
    if (examined.usable && examined.serverVersion === serverVersion)
      return { kind: 'binary', path, serverVersion, from };
    if (examined.usable) isPinnedOther ||= path === cachedBinary(env);
    else if (!examined.answered) unanswered.push(path);
    const found = examined.usable ? `its server is ${examined.serverVersion}` : examined.why;
    why.push(`${path}: ${found}`);
    onProgress({ kind: 'line', text: `Skipping ${path}: ${found}; Temporal ran as ${serverVersion} here` });
  }
  if (!isPinnedOther) {
    const found = await fetchOnce(env, onProgress, why, signal).catch((error: unknown) => {
      if (error instanceof TemporalNotFound) return null;
      throw error;
    });
    if (found?.serverVersion === serverVersion) return found;
    if (found !== null) why.push(`by ${found.from}: its server is ${found.serverVersion}`);
  }
  throw noneOfItsVersion(database, why, unanswered);
}

/** `unanswered`: programs that may be of that version, so nobody is advised to go on without what is stored. */
function noneOfItsVersion(
  { serverVersion, file }: TemporalDatabase,
  why: readonly string[],
  unanswered: readonly string[],
): StartFailure {
  const another = `put the Temporal CLI with server ${serverVersion} on PATH (https://docs.temporal.io/cli/setup-cli) and start again`;
  return new StartFailure(
    [
      `Temporal ran as server ${serverVersion} here, and no temporal with that server is at hand: one of another version ` +
        `would begin without what is stored in ${file}`,
      ...why.map((reason) => `- ${reason}`),
    ].join('\n'),
    unanswered.length > 0
      ? `look why ${unanswered.join(' and ')} did not answer, and start again; or ${another}`
      : `${another}; or begin afresh, which drops every procedure that is open and ends a permission for real money: ` +
          `mv '${file}.ready' '${file}.left'`,
  );
}

/** Null: it could not be fetched by another start. */
async function fetchOnce(
  env: NodeJS.ProcessEnv,
  onProgress: OnProgress,
  why: string[],
  signal: AbortSignal | undefined,
): Promise<BinarySource | null> {
  const fetched = await withCacheLock(
    env,
    () => onProgress({ kind: 'line', text: 'Another start is fetching Temporal: waiting for it …' }),
    () => fetchOrBuild(env, onProgress, why, signal),
    signal,
  );
  // Null: another start has fetched it.
  return fetched ?? (await fromCache(env, onProgress, why));
}

async function fromPath(
  env: NodeJS.ProcessEnv,
  onProgress: OnProgress,
  why: string[],
): Promise<BinarySource | null> {
  const path = await findOnPath('temporal', env.PATH ?? '');
  if (path === null) {
    why.push('no temporal on PATH');
    return null;
  }
  const examined = await examineBinary(path);
  if (examined.usable) return { kind: 'binary', path, serverVersion: examined.serverVersion, from: 'path' };
  why.push(`${path} on PATH: ${examined.why}`);
  onProgress({ kind: 'line', text: `Skipping ${path}: ${examined.why}` });
  return null;
}

async function findOnPath(name: string, path: string): Promise<string | null> {
  for (const folder of path.split(delimiter).filter((part) => part !== '')) {
    const candidate = join(folder, name);
    const executable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return candidate;
  }
  return null;
}

async function fromCache(
  env: NodeJS.ProcessEnv,
  onProgress: OnProgress,
  why: string[],
): Promise<BinarySource | null> {
  const path = cachedBinary(env);
  if (!existsSync(path)) return null;
  const examined = await examineBinary(path);
  if (examined.usable) return { kind: 'binary', path, serverVersion: examined.serverVersion, from: 'cache' };
  why.push(`${path} (kept from before): ${examined.why}`);
  onProgress({ kind: 'line', text: `Skipping ${path}, kept from before: ${examined.why}` });
  return null;
}

async function fetchOrBuild(
  env: NodeJS.ProcessEnv,
  onProgress: OnProgress,
  why: string[],
  signal: AbortSignal | undefined,
): Promise<BinarySource> {
  for (const [from, get] of [
    ['download', downloadTemporal],
    ['build', buildTemporal],
  ] as const) {
    const result = await get(env, onProgress, signal);
    signal?.throwIfAborted();
    if (!result.ok) {
      why.push(result.why);
      onProgress({ kind: 'line', text: `Temporal by ${from}: ${result.why}` });
      continue;
    }
    const examined = await examineBinary(result.path);
    if (examined.usable)
      return { kind: 'binary', path: result.path, serverVersion: examined.serverVersion, from };
    why.push(`by ${from}: ${examined.why}`);
  }
  throw new TemporalNotFound(why);
}

const run = promisify(execFile);
/** A busy machine may take this long; that is still quicker than fetching another one. */
const TIMEOUT_MS = 60_000;

type Examination =
  | { readonly usable: true; readonly serverVersion: string }
  /** `answered`: it runs, and is none that may be used. */
  | { readonly usable: false; readonly why: string; readonly answered: boolean };

/** A `temporal` is usable if its server is new enough and it knows every option that we pass. */
export async function examineBinary(path: string): Promise<Examination> {
  try {
    const version = await run(path, ['--version'], { timeout: TIMEOUT_MS });
    // The program's own version is 0.0.0-DEV if it was built from source: only the server's version counts.
    const found = /Server (\d+)\.(\d+)\.(\d+)/.exec(version.stdout);
    if (!found) return { usable: false, why: 'it does not say which server it contains', answered: true };
    const [major, minor] = TEMPORAL_SERVER_MINIMUM;
    const serverVersion = `${found[1]}.${found[2]}.${found[3]}`;
    if (Number(found[1]) < major || (Number(found[1]) === major && Number(found[2]) < minor)) {
      return {
        usable: false,
        why: `its server is ${serverVersion}, and ${major}.${minor} or newer is needed`,
        answered: true,
      };
    }
    const help = await run(path, ['server', 'start-dev', '--help'], { timeout: TIMEOUT_MS });
    const text = `${help.stdout}\n${help.stderr}`;
    const missing = OPTIONS_NEEDED.filter((option) => !text.includes(`${option} `));
    if (missing.length > 0)
      return { usable: false, why: `it does not know ${missing.join(', ')}`, answered: true };
    return { usable: true, serverVersion };
  } catch (error) {
    const isLate = error instanceof Error && 'killed' in error && error.killed === true;
    const text = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const why = isLate ? `it did not answer within ${TIMEOUT_MS / 1_000} s` : `it does not run (${text})`;
    return { usable: false, why, answered: false };
  }
}
