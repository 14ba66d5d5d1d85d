/** Who knows how the processes are: the supervisor, or, where each role is a container of its own, the roles themselves. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseRestored } from '../contracts/incident-activities.js';
import { serviceOf } from '../domain/container-service.js';
import { SocketRefusal } from '../home/ask-socket.js';
import { readRestoreOrder } from '../home/restore-order.js';
import type { Runtime } from '../home/runtime.js';
import { askSupervisor, type ProcessStatus } from '../home/supervisor-protocol.js';
import type { TraderClient } from '../trader/client.js';
import { type RoleSeen, watchRolesAlone } from './roles-alone.js';
import { isAlone } from './run-alone.js';

export interface Processes {
  look(): Promise<readonly (ProcessStatus | RoleSeen)[]>;
  /** Null: nobody can say it. */
  state(name: string): Promise<string | null>;
  /** In order; resolves with how it went once it is ready again. Rejects where nobody here can restart it. */
  restart(name: string): Promise<string>;
  /**
   * Everything ends, the newest good backup takes the place of the database, and everything is started again. Once a `key`:
   * this process ends with the rest, which rejects, and the next one asks again and is told how it went.
   */
  restoreDatabase(key: string, by: string, ending: AbortSignal): Promise<DatabaseRestored>;
}

const STATUS_MS = 1_000;
/** An orderly end, and a start that reads the journal again. */
const RESTART_MS = 120_000;
/** Every byte of the newest backup is read, and of those before it where it is damaged. */
const CHOOSE_MS = 1_800_000;
const ASK_AGAIN_MS = 500;

export function watchProcesses(
  { home }: Pick<Runtime, 'home'>,
  trader: Pick<TraderClient, 'call'>,
): Processes {
  if (isAlone()) {
    const roles = watchRolesAlone(home, () =>
      trader.call('status', {}, { timeoutMs: STATUS_MS }).then(
        () => true,
        () => false,
      ),
    );
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
    };
  }
  const look = () => askSupervisor(home, 'processes', {}).catch(() => []);
  return {
    look,
    state: async (name) => (await look()).find((one) => one.name === name)?.state ?? null,
    restart: async (name) => {
      const { pid } = await askSupervisor(home, 'restart', { name }, RESTART_MS);
      return `${name} was started again (process ${pid})`;
    },
    restoreDatabase: (key, by, ending) => restoreDatabase(home, key, by, ending),
  };
}

async function restoreDatabase(
  home: string,
  key: string,
  by: string,
  ending: AbortSignal,
): Promise<DatabaseRestored> {
  try {
    if (readRestoreOrder(home)?.key !== key)
      await askSupervisor(home, 'restoreDatabase', { key, by }, CHOOSE_MS);
  } catch (error) {
    if (!(error instanceof SocketRefusal)) throw error;
    // An attempt before this one may have ordered it meanwhile.
    if (readRestoreOrder(home)?.key !== key)
      return { restored: false, says: `nothing was restored: ${error.message}` };
  }
  for (;;) {
    const order = readRestoreOrder(home);
    if (order?.key === key && order.outcome !== null) return order.outcome;
    await sleep(ASK_AGAIN_MS, undefined, { signal: ending });
  }
}
