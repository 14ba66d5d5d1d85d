/**
 * Environment and working folder of the desk that code runs for, and the secrets in it. What a process that we start gets
 * of the environment, and what the machine gives.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Variables that Node, its libraries and the system read from the process itself. They can't differ between desks in one
 * process: desks that share one have all of them alike. Any other variable is a desk's own.
 */
const OF_PROCESS = new RegExp(
  `^(${[
    'PATH|HOME|USER|USERNAME|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|TZDIR|TMPDIR|TMP|TEMP|APPDATA|CI|CI_.*|.*DEBUG',
    'LD_.*|DYLD_.*|MALLOC_.*|GLIBC_.*|GCONV_.*|RES_OPTIONS|LOCALDOMAIN|HOSTALIASES|UV_.*|RUST_.*|TOKIO_.*',
    'NODE_.*|NPM_(COMMAND|LIFECYCLE_EVENT)|UNDICI_.*|WS_.*|READABLE_STREAM|JEST_.*|TRACE_DEPRECATION|NO_DEPRECATION',
    'NO_COLOR|FORCE_COLOR|CLICOLOR.*|TEAMCITY_.*|LOG_TOKENS|LOG_STREAM|__MINIMATCH_.*',
    'SSL_.*|OPENSSL_.*|.*_PROXY|PG.*|GRPC_.*|OTEL_.*|TEMPORAL_TRACE_.*|TEMPORAL_DEBUGGER_.*',
    'AWS_(?!.*(KEY|SECRET|TOKEN|S3_BUCKET)).*|XDG_(CACHE_HOME|CONFIG_HOME|DATA_HOME|RUNTIME_DIR)',
    'FERMATA_(?!(DESK|RUNTIME|STARTED_AGAIN|.*PASSWORD)$).*',
  ].join('|')})$`,
  'i',
);

export const isOfProcess = (variable: string): boolean => OF_PROCESS.test(variable);

/** Where a desk was started. */
export interface Surroundings {
  readonly env: Environment;
  /** Absolute: a path that a variable names is relative to it. */
  readonly folder: string;
}

const surroundings = new AsyncLocalStorage<Surroundings>();
let isShared = false;

/** Everything that `work` starts has these surroundings: timers, servers, connections. */
export const inSurroundings = <T>(of: Surroundings, work: () => T): T => surroundings.run(of, work);

/**
 * The environment of the desk that this code runs for: in a process of one desk, its own. Throws in a process of
 * several where nothing says for which of them, rather than yield another desk's keys.
 */
export function deskEnvironment(): Environment {
  const own = surroundings.getStore();
  if (own !== undefined) return own.env;
  if (isShared) throw new Error('this process runs several desks, and nothing says for which one this is');
  return process.env;
}

/** The absolute path of one that is relative to that desk's working folder. */
export const fromWorkingFolder = (path: string): string =>
  resolve(surroundings.getStore()?.folder ?? process.cwd(), path);

/**
 * Call before this process may run other desks' roles: what is its desk's own leaves `process.env`, where it would be
 * everybody's. Returns what was there before, for `inSurroundings`.
 */
export function takeOwnSurroundings(): Surroundings {
  const env = { ...process.env };
  isShared = true;
  for (const variable of Object.keys(env)) if (!isOfProcess(variable)) delete process.env[variable];
  return { env, folder: process.cwd() };
}

/**
 * A secret from the environment: the variable itself, or the content of the file that `<name>_FILE` names. Null if
 * neither is set. Throws if that file can't be read; the message contains none of its content.
 */
export function secretVariable(env: Environment, name: string): string | null {
  const given = env[name]?.trim();
  if (given) return given;
  const file = env[`${name}_FILE`]?.trim();
  if (!file) return null;
  try {
    return readFileSync(fromWorkingFolder(file), 'utf8').trim() || null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new Error(`${name}_FILE: expected a file that can be read, ${file} can't be (${code})`);
  }
}

/** Whether this is a role of docker-compose.yml, or a command run alongside them. */
export const isContainer = ({
  FERMATA_HOME: home,
  FERMATA_POSTGRES_HOST: postgres,
}: NodeJS.ProcessEnv): boolean => Boolean(home) && Boolean(postgres);

/** The environment variables that somebody else's program needs. The rest include secrets. */
const PLAIN_VARIABLES =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|TMPDIR|LD_LIBRARY_PATH|DYLD_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR))$/;

export function plainEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => PLAIN_VARIABLES.test(name)));
}

/**
 * Options of Node for processes of which many end soon. Node 20 optimises a function as soon as it has done a little: a fifth of
 * a start goes into code that hardly runs again. This asks for six times as much; what runs for long is optimised all the
 * same, a moment later. Later versions count calls, and refuse the option.
 */
export const COMPILE_LATER: readonly string[] =
  Number.parseInt(process.versions.node, 10) === 20 ? ['--interrupt-budget=400000'] : [];

/** The cache of reproducible files, shared by all desks and clones of one user. */
export const userCache = (env: NodeJS.ProcessEnv): string =>
  join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fermata');
