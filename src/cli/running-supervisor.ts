import { SocketRefusal, SocketSilent } from '../home/ask-socket.js';
import type { Runtime } from '../home/runtime.js';
import { askSupervisor, type SupervisorMethod, type SupervisorMethods } from '../home/supervisor-protocol.js';
import { endedDesk } from './ended-desk.js';
import { CliFailure } from './failure.js';

export type AskRunning = <M extends SupervisorMethod>(
  method: M,
  params: SupervisorMethods[M]['params'],
  timeoutMs: number,
) => Promise<SupervisorMethods[M]['result']>;

/**
 * Asks the supervisor of a desk; failures say why it refused or does not answer. `inContainers`: what to do in
 * containers instead.
 */
export function supervisorOf(runtime: Runtime, inContainers: string): AskRunning {
  return async (method, params, timeoutMs) => {
    try {
      return await askSupervisor(runtime.home, method, params, timeoutMs);
    } catch (error) {
      if (error instanceof SocketRefusal) throw new CliFailure(error.message, error.keptSafe, error.doThis);
      if (!(error instanceof SocketSilent)) throw error;
      const ended = await endedDesk(runtime);
      if (ended !== null) throw ended;
      throw new CliFailure(
        'no supervisor answers on this FERMATA_HOME',
        'positions and stops at the venue are not touched',
        `in containers: ${inContainers}; else: fermata up`,
      );
    }
  };
}
