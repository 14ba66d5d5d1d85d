/**
 * The roles without a supervisor, as the operations worker sees them: which ended, and which give no sign of life any
 * more.
 */
import { everyRoleAlone } from '../supervisor/roles.js';
import { type Death, type LifeSeen, readLife } from './role-life.js';

export interface RoleSeen {
  readonly name: string;
  readonly state: 'starting' | 'running' | 'restarting' | 'silent' | 'stopped';
  readonly lastDeath: Death | null;
  /** Time of its last sign if it is silent; null while it gives signs. */
  readonly silentSinceMs: number | null;
}

/**
 * This many polls in a row, a second or more apart. Counting polls instead of time avoids false silence after this
 * process or the whole machine was suspended.
 */
const SILENT_LOOKS = 30;

interface Watched {
  readonly lastSignMs: number;
  readonly quietLooks: number;
  /** Time of its last sign before the first silent poll. */
  readonly quietSinceMs: number;
}

export interface RolesAlone {
  /** One poll; each counts. */
  look(): Promise<readonly RoleSeen[]>;
  /** As of the newest poll; null if the role never began here. */
  state(name: string): RoleSeen['state'] | null;
}

/** `traderAnswers`: a trader whose loop turns but that can't be reached by a stop counts as silent, too. */
export function watchRolesAlone(home: string, traderAnswers: () => Promise<boolean>): RolesAlone {
  const watched = new Map<string, Watched>();
  let seen: readonly RoleSeen[] = [];
  const lookAt = async (name: string, life: LifeSeen): Promise<RoleSeen> => {
    const before = watched.get(name);
    const moves = before?.lastSignMs !== life.lastSignMs;
    // Only asked if it gives signs: a stopped trader would delay each poll until its timeout.
    const deaf = moves && name === 'trader' && life.phase === 'running' && !(await traderAnswers());
    const now = watchedOn(before, life, moves && !deaf);
    watched.set(name, now);
    return roleSeen(name, life, now);
  };
  return {
    look: async () => {
      const lives = everyRoleAlone().map((name) => ({ name, life: readLife(name, home) }));
      seen = await Promise.all(
        lives.flatMap(({ name, life }) => (life === null ? [] : [lookAt(name, life)])),
      );
      return seen;
    },
    state: (name) => seen.find((role) => role.name === name)?.state ?? null,
  };
}

function watchedOn(before: Watched | undefined, { lastSignMs }: LifeSeen, lives: boolean): Watched {
  if (before === undefined || lives) return { lastSignMs, quietLooks: 0, quietSinceMs: lastSignMs };
  return { ...before, lastSignMs, quietLooks: before.quietLooks + 1 };
}

function roleSeen(name: string, life: LifeSeen, { quietLooks, quietSinceMs }: Watched): RoleSeen {
  const { phase, death, deathBefore } = life;
  const lives = phase !== 'ended' && death === null;
  const silentSinceMs = lives && quietLooks >= SILENT_LOOKS ? quietSinceMs : null;
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
