/**
 * Knows the state of the processes: from the supervisor or, if each role has its own container, from the roles
 * themselves.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type DatabaseRestored, SUPERVISOR, serviceOf } from '../contracts/incident.js';
import type { SwitchOutcome } from '../domain/build.js';
import { readBuildPointer } from '../home/builds.js';
import { SocketRefusal } from '../home/local-socket.js';
import { readRestoreOrder } from '../home/restore-mark.js';
import type { Runtime } from '../home/runtime.js';
import { askSupervisor, type ProcessStatus, type SupervisorMethods } from '../home/supervisor-protocol.js';
import { isAlive } from '../supervisor/process-table.js';
import type { TraderClient } from '../trader/client.js';
import { type RoleSeen, SILENT_POLLS, watchRolesAlone } from './role-life.js';
import { isSeparate } from './run-separately.js';

export interface Processes {
  look(): Promise<readonly (ProcessStatus | RoleSeen)[]>;
  /** Null: nobody can say. */
  state(name: string): Promise<string | null>;
  /**
   * An orderly restart; resolves with a description once the process is ready again. Rejects if nobody here can restart
   * it.
   */
  restart(name: string): Promise<string>;
  /**
   * Ends the desk, replaces the database with the newest good backup, and starts everything again. Once per `key`: this
   * process ends with the desk, which rejects; the next process asks again and gets the result.
   */
  restoreDatabase(key: string, by: string, ending: AbortSignal): Promise<DatabaseRestored>;
  /**
   * Ends the desk and starts it as another build or, if that one is unhealthy, as the former one. Once per `key`,
   * likewise.
   */
  switchBuild(asked: SwitchAsked, ending: AbortSignal): Promise<SwitchOutcome>;
}

type SwitchAsked = SupervisorMethods['switchBuild']['params'];

const STATUS_MS = 1_000;
/** Covers an orderly end, and a start that replays the journal. */
const RESTART_MS = 120_000;
/** Every byte of the newest backup is read, and of earlier ones if it is damaged. */
const CHOOSE_MS = 1_800_000;
/** Reads desk file and folder and, with real money, asks the exchange. */
const CHECK_MS = 60_000;
const ASK_AGAIN_MS = 500;

export function watchProcesses(
  { home }: Pick<Runtime, 'home'>,
  trader: Pick<TraderClient, 'call'>,
): Processes {
  const traderAnswers = () =>
    trader.call('status', {}, { timeoutMs: STATUS_MS }).then(
      () => true,
      () => false,
    );
  if (isSeparate()) {
    const roles = watchRolesAlone(home, traderAnswers);
    return {
      look: roles.look,
      state: async (name) => roles.state(name),
      restart: async (name) => {
        throw new Error(
          `each role is a container of its own here: docker-compose restart ${serviceOf(name)}`,
        );
      },
      restoreDatabase: async () => ({
        restored: false,
        says: 'in containers Postgres is not ours to start and stop: follow "In containers" in docs/BACKUP.md',
      }),
      switchBuild: async () => ({
        switched: false,
        says: 'in containers the image is the build: follow "Upgrade" in docs/DEPLOY.md',
      }),
    };
  }
  return {
    ...watchSupervised(home, traderAnswers),
    restart: async (name) => {
      const { pid } = await askSupervisor(home, 'restart', { name }, RESTART_MS);
      return `${name} was started again (process ${pid})`;
    },
    restoreDatabase: (key, by, ending) => restoreDatabase(home, key, by, ending),
    switchBuild: (asked, ending) => switchBuild(home, asked, ending),
  };
}

/**
 * The processes that the supervisor reports. Once neither it nor the trader has answered for long, it is reported
 * itself: nobody else is left to say that nothing trades. While the trader answers, the trader acts on its loss.
 */
function watchSupervised(
  home: string,
  traderAnswers: () => Promise<boolean>,
): Pick<Processes, 'look' | 'state'> {
  let answeredMs = Date.now();
  let quietPolls = 0;
  const ask = () => askSupervisor(home, 'processes', {}).catch(() => null);
  const silent = (): RoleSeen => ({
    ...{ name: SUPERVISOR, state: 'silent', lastDeath: null, silentSinceMs: answeredMs },
  });
  return {
    look: async () => {
      const processes = await ask();
      if (processes !== null || (await traderAnswers())) {
        answeredMs = Date.now();
        quietPolls = 0;
        return processes ?? [];
      }
      quietPolls += 1;
      return quietPolls < SILENT_POLLS ? [] : [silent()];
    },
    state: async (name) => {
      const processes = await ask();
      if (name === SUPERVISOR) return processes === null ? 'silent' : 'running';
      return processes?.find((one) => one.name === name)?.state ?? null;
    },
  };
}

function restoreDatabase(
  home: string,
  key: string,
  by: string,
  ending: AbortSignal,
): Promise<DatabaseRestored> {
  return orderedOnce(
    {
      find: () => ownOf(key, readRestoreOrder(home)),
      order: () => askSupervisor(home, 'restoreDatabase', { key, by }, CHOOSE_MS),
      refused: (why) => ({ restored: false, says: `nothing was restored: ${why}` }),
    },
    ending,
  );
}

function switchBuild(home: string, asked: SwitchAsked, ending: AbortSignal): Promise<SwitchOutcome> {
  const find = () => {
    const found = ownOf(asked.key, readBuildPointer(home).ordered);
    const isLeft = found?.outcome === null && !isAlive(found.starter);
    return isLeft ? { outcome: { switched: false, says: UNWATCHED } } : found;
  };
  const order = () => askSupervisor(home, 'switchBuild', asked, CHECK_MS);
  const refused = (why: string) => ({ switched: false, says: `the build was not switched: ${why}` });
  return orderedOnce({ find, order, refused }, ending);
}

const UNWATCHED =
  'the process that had started the desk is gone, and nobody has proven the new build: fermata down, then fermata up of the former one';

const ownOf = <T extends { readonly key: string }>(key: string, order: T | null): T | null =>
  order?.key === key ? order : null;

interface Order<T> {
  /** Null if it was not ordered yet. */
  find(): { readonly outcome: T | null } | null;
  order(): Promise<unknown>;
  refused(why: string): T;
}

/** Orders something that the supervisor carries out while nothing of the desk runs, and returns its outcome. */
async function orderedOnce<T>({ find, order, refused }: Order<T>, ending: AbortSignal): Promise<T> {
  try {
    if (find() === null) await order();
  } catch (error) {
    if (!(error instanceof SocketRefusal)) throw error;
    // An earlier attempt may have ordered it meanwhile.
    if (find() === null) return refused(error.message);
  }
  for (;;) {
    const outcome = find()?.outcome ?? null;
    if (outcome !== null) return outcome;
    await sleep(ASK_AGAIN_MS, undefined, { signal: ending });
  }
}
