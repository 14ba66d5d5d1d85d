/**
 * The life file of a role without a supervisor (each in its own container), next to its sockets. Health checks read it,
 * and the operations worker watches them all: it notices an unexpected end, and silence. A file that can't be written
 * must not end the role: it then counts as not ready.
 */
import { mkdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homePaths } from '../home/runtime.js';
import { everySeparateRole } from '../supervisor/roles.js';

interface Death {
  readonly how: string;
  readonly atMs: number;
}

/** Where a health check queries it: to find this out by itself it would read the whole desk, every few seconds. */
interface RolePlace {
  readonly desk: string;
  /** Of the web server. */
  readonly port: number;
}

interface Life extends Partial<RolePlace> {
  readonly phase: 'starting' | 'running' | 'ended';
  /** The unexpected end of this start; null while it lives, and after a SIGKILL. */
  readonly death: Death | null;
  /** The end of the previous start, if nobody had requested it. */
  readonly deathBefore: Death | null;
}

interface LifeSeen extends Life {
  /** Modification time of the file, updated while the event loop turns. */
  readonly lastSignMs: number;
}

export interface LivingRole {
  /** How the previous start ended, if nobody had requested it. */
  readonly deathBefore: Death | null;
  ready(): void;
  /** It was asked to end. */
  end(): void;
  /** It ends by itself. The first reason counts. */
  die(how: string): void;
}

const SIGN_EVERY_MS = 2_000;
/** A role whose last sign of life is older has hung, or was killed. */
export const SIGN_AGE_MS_MAX = 15_000;
const NO_REASON = 'it left no reason: killed, out of memory, or the machine went down';

/** Starts to show signs of life. */
export function beginLife(role: string, home: string, place: Partial<RolePlace> = {}): LivingRole {
  const file = fileOf(role, home);
  const deathBefore = deathOf(readLife(role, home));
  let life: Life = { ...place, phase: 'starting', death: null, deathBefore };
  const change = (changes: Partial<Life>): void => {
    if (life.death !== null || life.phase === 'ended') return;
    life = { ...life, ...changes };
    tolerantly(() => write(file, life));
  };
  change({});
  setInterval(() => tolerantly(() => utimesSync(file, new Date(), new Date())), SIGN_EVERY_MS).unref();
  return {
    deathBefore,
    ready: () => change({ phase: 'running' }),
    end: () => change({ phase: 'ended', deathBefore: null }),
    die: (how) => change({ death: { how, atMs: Date.now() } }),
  };
}

/** Null: it never began here. */
export function readLife(role: string, home: string): LifeSeen | null {
  const file = fileOf(role, home);
  try {
    const lastSignMs = Math.round(statSync(file).mtimeMs);
    return { ...(JSON.parse(readFileSync(file, 'utf8')) as Life), lastSignMs };
  } catch {
    return null;
  }
}

/** The `roles` that nobody has seen end: a killed one counts until its last sign of life is too old. */
export function livingRoles(roles: readonly string[], home: string, nowMs: number): readonly string[] {
  return roles.filter((role) => {
    const life = readLife(role, home);
    const lives = life !== null && life.phase !== 'ended' && life.death === null;
    return lives && nowMs - life.lastSignMs <= SIGN_AGE_MS_MAX;
  });
}

function deathOf(before: LifeSeen | null): Death | null {
  if (before === null || before.phase === 'ended') return null;
  return before.death ?? { how: NO_REASON, atMs: before.lastSignMs };
}

const fileOf = (role: string, home: string): string => join(homePaths(home).sockets, `${role}.life.json`);

/** Replaces the file atomically: a reader sees the old or the new one. */
function write(file: string, life: Life): void {
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify(life));
  renameSync(`${file}.new`, file);
}

function tolerantly(act: () => void): void {
  try {
    act();
  } catch {
    // The reason is in the comment at the top.
  }
}

export interface RoleSeen {
  readonly name: string;
  readonly state: 'starting' | 'running' | 'restarting' | 'silent' | 'stopped';
  readonly lastDeath: Death | null;
  /** Time of its last sign if it is silent; null while it shows signs. */
  readonly silentSinceMs: number | null;
}

/**
 * A role is silent after this many polls in a row without a sign, a second or more apart. Counting polls instead of
 * time avoids false silence after this process or the whole machine was suspended.
 */
export const SILENT_POLLS = 30;

interface Watched {
  readonly lastSignMs: number;
  readonly quietPolls: number;
  /** Time of its last sign before the first silent poll. */
  readonly quietSinceMs: number;
}

/**
 * The roles without a supervisor, as the operations worker sees them: which ended, and which show no more
 * signs of life.
 */
export interface RolesAlone {
  /** One poll; each counts. */
  look(): Promise<readonly RoleSeen[]>;
  /** As of the newest poll; null if the role never began here. */
  state(name: string): RoleSeen['state'] | null;
}

/** `traderAnswers`: a trader whose loop turns but that a stop can't reach also counts as silent. */
export function watchRolesAlone(home: string, traderAnswers: () => Promise<boolean>): RolesAlone {
  const watched = new Map<string, Watched>();
  let seen: readonly RoleSeen[] = [];
  const lookAt = async (name: string, life: LifeSeen): Promise<RoleSeen> => {
    const before = watched.get(name);
    const moves = before?.lastSignMs !== life.lastSignMs;
    // Queried only if it shows signs: a stopped trader would delay each poll until its timeout.
    const deaf = moves && name === 'trader' && life.phase === 'running' && !(await traderAnswers());
    const now = watchedOn(before, life, moves && !deaf);
    watched.set(name, now);
    return roleSeen(name, life, now);
  };
  return {
    look: async () => {
      const lives = everySeparateRole().map((name) => ({ name, life: readLife(name, home) }));
      seen = await Promise.all(
        lives.flatMap(({ name, life }) => (life === null ? [] : [lookAt(name, life)])),
      );
      return seen;
    },
    state: (name) => seen.find((role) => role.name === name)?.state ?? null,
  };
}

function watchedOn(before: Watched | undefined, { lastSignMs }: LifeSeen, lives: boolean): Watched {
  if (before === undefined || lives) return { lastSignMs, quietPolls: 0, quietSinceMs: lastSignMs };
  return { ...before, lastSignMs, quietPolls: before.quietPolls + 1 };
}

function roleSeen(name: string, life: LifeSeen, { quietPolls, quietSinceMs }: Watched): RoleSeen {
  const { phase, death, deathBefore } = life;
  const lives = phase !== 'ended' && death === null;
  const silentSinceMs = lives && quietPolls >= SILENT_POLLS ? quietSinceMs : null;
  return {
    name,
    state: stateOf(life, silentSinceMs !== null),
    lastDeath: death ?? deathBefore,
    silentSinceMs,
  };
}

function stateOf({ phase, death }: LifeSeen, silent: boolean): RoleSeen['state'] {
  if (phase === 'ended') return 'stopped';
  if (death !== null) return 'restarting';
  return silent ? 'silent' : phase;
}
