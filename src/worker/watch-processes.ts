/** Who knows how the processes are: the supervisor, or, where each role is a container of its own, the roles themselves. */
import { serviceOf } from '../domain/container-service.js';
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
}

const STATUS_MS = 1_000;
/** An orderly end, and a start that reads the journal again. */
const RESTART_MS = 120_000;

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
  };
}
