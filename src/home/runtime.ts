/**
 * What the supervisor passes to every process that it starts: addresses and places, no secrets (those are
 * files).
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { PriceSide } from '../domain/instrument.js';
import type { DeskCalendar } from '../domain/trading-day.js';

/** Folder of FERMATA_HOME with the homes of further desks, each named after its desk. */
export const DESK_HOMES = 'desk-homes';

/**
 * The one name of a home: its folder's real path, whatever links lead there. If the folder does not exist
 * yet, the path that it will have.
 */
export function rootOf(home: string): string {
  const path = resolve(home);
  try {
    return realpathSync(path);
  } catch {
    return path === dirname(path) ? path : join(rootOf(dirname(path)), basename(path));
  }
}

/** FERMATA_HOME itself, for any desk's home. */
export function installationOf(home: string): string {
  const root = rootOf(home);
  return basename(dirname(root)) === DESK_HOMES ? dirname(dirname(root)) : root;
}

/**
 * Places of a desk, below its home: FERMATA_HOME (by default `.fermata` in the working folder) or a folder in
 * it.
 */
export interface HomePaths {
  readonly home: string;
  readonly secrets: string;
  readonly run: string;
  readonly logs: string;
  /** Belongs to the installation: one server with a database for each desk. */
  readonly postgres: string;
  /**
   * Belongs to this desk: which keys seal its runs. In the first desk's home it is also the server's database
   * folder.
   */
  readonly temporal: string;
  readonly ballast: string;
  /** Minutes fetched from venues, by any desk of the installation. */
  readonly data: string;
  /** Workflow bundles of builds that have run here, kept until their runs are done. */
  readonly workflowBundles: string;
  /** Builds of Fermata made by `fermata deploy`, and the pointer to the one that runs. */
  readonly builds: string;
  /** Which actions of a desk's own folder were begun, and their results. */
  readonly ownActions: string;
  /** Short hashed folder outside `home`: Node silently cuts a Unix socket path of more than 107 bytes. */
  readonly sockets: string;
  /** What the desks of an installation share. */
  readonly servers: ServerPaths;
}

interface ServerPaths {
  /** FERMATA_HOME. */
  readonly installation: string;
  /** Locks of the servers, and the address of each. */
  readonly run: string;
  readonly logs: string;
  readonly temporal: string;
  /** Not the first desk's sockets: while another desk runs, the servers outlive the first one. */
  readonly sockets: string;
}

export function homePaths(home: string): HomePaths {
  const root = rootOf(home);
  const installation = installationOf(root);
  return {
    home: root,
    secrets: secretsFolder(root),
    run: join(root, 'run'),
    logs: join(root, 'logs'),
    postgres: join(installation, 'postgres'),
    temporal: join(root, 'temporal'),
    ballast: join(root, 'ballast'),
    data: join(installation, 'data'),
    workflowBundles: join(root, 'workflow-bundles'),
    builds: join(root, 'builds'),
    ownActions: join(root, 'own-actions'),
    sockets: socketsInUse(root) ?? socketsFolder(root),
    servers: {
      installation,
      run: join(installation, 'run'),
      logs: join(installation, 'logs'),
      temporal: join(installation, 'temporal'),
      sockets: `${socketsFolder(installation)}-servers`,
    },
  };
}

/** In containers, the secrets have their own volume. */
function secretsFolder(root: string): string {
  const given = process.env.FERMATA_SECRETS;
  if (!given) return join(root, 'secrets');
  return installationOf(root) === root ? given : join(given, DESK_HOMES, basename(root));
}

/** Names the folder of the sockets while a supervisor runs. */
const socketsRecord = (root: string): string => join(root, 'run', 'sockets');

/**
 * Call it while holding the lock of this home. A shell, a cron job and an SSH login may each have a different
 * folder for sockets, and all of them must find the desk.
 */
export function recordSockets(home: string): void {
  const root = rootOf(home);
  writeFileSync(socketsRecord(root), socketsFolder(root), { mode: 0o600 });
}

/** Call it once nothing of this home runs any more: also removes what a killed supervisor has left. */
export function forgetSockets(home: string): void {
  const root = rootOf(home);
  const folder = socketsInUse(root);
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
  rmSync(socketsRecord(root), { force: true });
}

/**
 * Null: none runs, or the record comes from another machine (for example from outside a container), or from
 * the home that this one was copied from.
 */
function socketsInUse(root: string): string | null {
  try {
    const folder = readFileSync(socketsRecord(root), 'utf8');
    const isOf = (home: string): boolean => hashIn(folder) === hashIn(socketsFolder(home));
    return existsSync(folder) && (isOf(root) || isOf(linkTo(root))) ? folder : null;
  } catch {
    return null;
  }
}

/**
 * The link by which an earlier version was started here: its sockets are named after that link. Throws if
 * there is none.
 */
function linkTo(root: string): string {
  const { home } = JSON.parse(readFileSync(join(root, 'run', 'runtime.json'), 'utf8')) as Runtime;
  if (rootOf(home) !== root) throw new Error(`${home} is another home`);
  return home;
}

/**
 * The hash of the home. The user id stands before it: another user, such as root, may look for the desk too.
 */
const hashIn = (folder: string): string => folder.slice(folder.lastIndexOf('-') + 1);

function socketsFolder(root: string): string {
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 12);
  // The XDG specification has relative paths ignored, and an empty one is none.
  const given = process.env.XDG_RUNTIME_DIR ?? '';
  const base = isAbsolute(given) ? given : tmpdir();
  return join(base, `fermata-${process.getuid?.() ?? 0}-${hash}`);
}

export interface DeskPaths {
  readonly root: string;
  /** The account that is traded: journal and paper book belong together and move together. */
  readonly account: string;
  readonly journal: string;
  /** How far each journal had got. */
  readonly journalEnds: string;
  /** In which folder, so that a copy of it is known for one. */
  readonly journalPlace: string;
  /** The signature counters of the authenticators whose passkeys voted. */
  readonly voteCounters: string;
  readonly paperBook: string;
  /** Paper accounts of price sources other than the current one. */
  readonly restingAccounts: string;
  /** Names the account set aside whose stops and limits the traded account has yet to take over. */
  readonly rulesFrom: string;
  readonly marketPosition: string;
  readonly controlSocket: string;
  /** Stops of people that the journal could not take: where the sockets are, mostly on another disk. */
  readonly keptStops: string;
}

export function deskPaths(paths: HomePaths, desk: string): DeskPaths {
  const root = join(paths.home, 'desks', desk);
  const account = join(root, 'account');
  const inSockets = join(paths.sockets, createHash('sha256').update(desk).digest('hex').slice(0, 8));
  return {
    root,
    account,
    journal: join(account, 'journal'),
    journalEnds: join(root, 'journal-ends.json'),
    journalPlace: join(root, 'journal-place.json'),
    voteCounters: join(root, 'vote-counters.json'),
    paperBook: join(account, 'paper-book'),
    restingAccounts: join(root, 'resting-accounts'),
    rulesFrom: join(root, 'rules-from'),
    marketPosition: join(root, 'market-position.json'),
    controlSocket: `${inSockets}.sock`,
    keptStops: `${inSockets}.stops`,
  };
}

export interface MarketChoice {
  readonly kind: 'auto' | 'live' | 'simulated' | 'recorded';
  /** For recorded prices: symbol (null: the desk's first instrument) and file; `side`: it has only that. */
  readonly files: readonly {
    readonly symbol: string | null;
    readonly file: string;
    readonly side?: PriceSide;
  }[];
  /** Null: as fast as possible. Undefined: the default of the kind (simulated 60, recorded 1, live always 1). */
  readonly speed: number | null | undefined;
  readonly seed: number | undefined;
  readonly exitAtEnd: boolean;
}

/** See docs/design/temporal-access.md. */
export interface TemporalPlace {
  /**
   * `managed`: ours, started and watched by `fermata up`. `external`: somebody else's, found through
   * Temporal's own environment variables.
   */
  readonly kind: 'managed' | 'external';
  /** host:port, or `unix:///path` for a managed server with its own network. */
  readonly address: string;
  readonly namespace: string;
  /**
   * The UI that the web role proxies after a sign-in: http://host:port or unix+http://path. Null: there is
   * none.
   */
  readonly uiAddress: string | null;
  /**
   * For an external server: the credentials that the desk had to present. A shell whose environment lacks
   * them says so.
   */
  readonly asks?: readonly string[];
  /** For a managed server: who else on this machine could reach it. */
  readonly isolation?: 'own-network' | 'loopback';
}

export type MeasuredWorker = 'engine-worker' | 'operations-worker';

/** Written to `run/runtime.json` (0600); its path is passed in FERMATA_RUNTIME. */
export interface Runtime {
  readonly version: 1;
  readonly home: string;
  readonly desk: string;
  readonly deskFile: string;
  /**
   * The file that a person wrote, if `deskFile` is a copy made at the start, perhaps with what the environment
   * sets. Absent: `deskFile`.
   */
  readonly writtenFile?: string;
  /** The folder of a person's desk file, with the desk's own checks; absent: the folder of `deskFile`. */
  readonly deskFolder?: string;
  readonly configHash: string;
  /** The desk whose paper twin this is; absent: this is no twin. */
  readonly twinOf?: string;
  /** How the desk counts its days; absent if an older build wrote this. */
  readonly calendar?: DeskCalendar;
  /** From the desk file: which runbook the desk follows. */
  readonly runbook?: { readonly version: string; readonly updated: string };
  readonly market: MarketChoice;
  readonly postgres: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly user: string;
  };
  readonly temporal: TemporalPlace;
  /** `publicUrl`: the origin of a proxy or tunnel that leads here. */
  readonly web: { readonly host: string; readonly port: number; readonly publicUrl?: string };
  readonly temporalUiProxy: { readonly port: number };
  /** host:port where each worker's Temporal library offers its metrics to Prometheus; absent: nowhere. */
  readonly workerMetrics?: Readonly<Record<MeasuredWorker, string>>;
  readonly supervisorSocket: string;
  /**
   * A simulator on this machine that receives the orders instead of the exchange: `http://127.0.0.1:<port>`.
   */
  readonly simulatedVenue?: string;
  /** For a desk whose orders stay here: by feed, the simulators on this machine that supply its prices. */
  readonly simulatedFeeds?: Readonly<Record<string, string>>;
}

/** What a desk file says of `web.publicUrl`. */
export const publicUrlOf = ({ publicUrl }: { readonly publicUrl?: string | undefined }) =>
  publicUrl === undefined ? {} : { publicUrl };

/** An older build recorded none, and kept no daily logs either. */
export const calendarOf = ({ calendar }: Pick<Runtime, 'calendar'>): DeskCalendar =>
  calendar ?? { timezone: 'UTC', dayBoundary: '00:00' };

export const deskFolderOf = ({ deskFile, deskFolder }: Pick<Runtime, 'deskFile' | 'deskFolder'>): string =>
  deskFolder ?? dirname(resolve(deskFile));

/** The desk file to name in messages to people. */
export const writtenFileOf = ({ deskFile, writtenFile }: Pick<Runtime, 'deskFile' | 'writtenFile'>): string =>
  writtenFile ?? deskFile;

/** Each role is one function; which roles run together is a matter of wiring. */
export interface Role {
  stop(): Promise<void>;
}

/** Secret files below `home/secrets`, each 0600, generated once. */
export const SECRET_FILES = {
  /** Password of the Postgres superuser `fermata`. */
  postgresPassword: 'postgres-password',
  /** Password of `fermata_app`, the Postgres role that every process connects as. */
  postgresAppPassword: 'postgres-app-password',
  /** Password of Temporal's own Postgres, if it has one (containers). */
  temporalPostgresPassword: 'temporal-postgres-password',
  /** HMAC key of decisions (32 bytes hex). */
  decisionKey: 'decision-key',
  /** HMAC key of the bot's votes about real money (32 bytes hex): only for bot and trader. */
  telegramVoteKey: 'telegram-vote-key',
  /** HMAC key of sign-in link rows (32 bytes hex): for command line, supervisor and web role. */
  signInLinkKey: 'sign-in-link-key',
  /** HMAC key of Telegram code and link rows (32 bytes hex): for command line, supervisor and bot. */
  telegramLinkKey: 'telegram-link-key',
  /** Keys that seal what Temporal stores, newest first, one per line (32 bytes hex). */
  payloadKey: 'payload-key',
  /** Key that signs access and refresh tokens (32 bytes hex). */
  tokenKey: 'token-key',
  /** scrypt hash of the operator's password. */
  operatorPasswordHash: 'operator-password-hash',
  /** scrypt hash of the DASHBOARD_PASSWORD that a start has used: used once, it is not put back over a later password. */
  operatorPasswordGiven: 'operator-password-given',
  /** The generated password in plain text, only if DASHBOARD_PASSWORD was not given. */
  operatorPassword: 'operator-password',
  /** Bearer token of /metrics. */
  metricsToken: 'metrics-token',
  /** Key that seals minutes fetched from a venue (32 bytes hex). */
  dataKey: 'data-key',
  /**
   * Key that seals and signs backups that leave this machine (32 bytes hex): for the code that sends and
   * fetches them.
   */
  backupKey: 'backup-key',
} as const;

/** Secrets of the servers and of fetched minutes: the same for every desk of an installation. */
const SHARED_SECRETS: readonly (keyof typeof SECRET_FILES)[] = [
  'postgresPassword',
  'postgresAppPassword',
  'dataKey',
];

/** The built-in operator is a person like any other. */
const PEOPLES_SECRETS: readonly (keyof typeof SECRET_FILES)[] = [
  'operatorPasswordHash',
  'operatorPasswordGiven',
  'operatorPassword',
];

/** Where a desk's secret is. Secrets that an installation's desks share are with the first desk's. */
export function secretFile(home: string, name: keyof typeof SECRET_FILES): string {
  const at = SHARED_SECRETS.includes(name)
    ? installationOf(home)
    : PEOPLES_SECRETS.includes(name)
      ? peopleHomeOf(home)
      : home;
  return join(homePaths(at).secrets, SECRET_FILES[name]);
}

/** In a further desk's home: its people are the installation's. */
export const SHARES_PEOPLE = 'shares-people';

/**
 * The home that holds the desk's people and who is signed in: FERMATA_HOME itself, or the desk's own home if it has
 * people of its own.
 */
export function peopleHomeOf(home: string): string {
  const root = rootOf(home);
  return sharesPeople(root) ? installationOf(root) : root;
}

/** False for the first desk's home, whose people are the installation's. */
export const sharesPeople = (home: string): boolean => existsSync(join(rootOf(home), SHARES_PEOPLE));
