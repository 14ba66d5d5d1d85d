import type { Command } from 'commander';
import { SocketRefusal, SocketSilent } from '../../home/ask-socket.js';
import { askSupervisor } from '../../home/supervisor-protocol.js';
import { endedDesk } from '../ended-desk.js';
import { CliFailure } from '../failure.js';
import { printJson, printLines } from '../output.js';
import { requireRuntime } from '../running-desk.js';
import { sayingWhat } from '../waiting.js';

const ANSWER_MS = 120_000;

export function restartCommand(command: Command): void {
  command
    .argument('[process]', 'trader, engine-worker, operations-worker, web, postgres or temporal', 'trader')
    .option('--json', 'for scripts')
    .action(async (name: string, { json }: { readonly json?: boolean }) => {
      const status = await sayingWhat(
        () => `waiting until ${name} has ended in order and is ready again`,
        restart(name),
      );
      if (json === true) printJson(status);
      else printLines([`✓ ${name} was started again (process ${status.pid})`]);
    });
}

/** A trader comes back HALTED: it replays its journal, compares its books with the venue, and resumes by the desk file. */
async function restart(name: string) {
  const runtime = requireRuntime();
  try {
    return await askSupervisor(runtime.home, 'restart', { name }, ANSWER_MS);
  } catch (error) {
    if (error instanceof SocketRefusal) throw new CliFailure(error.message, error.keptSafe, error.doThis);
    if (!(error instanceof SocketSilent)) throw error;
    const ended = await endedDesk(runtime);
    if (ended !== null) throw ended;
    throw new CliFailure(
      'no supervisor answers on this FERMATA_HOME',
      'positions and stops at the venue are not touched',
      'in containers: docker-compose restart bot; else: fermata up',
    );
  }
}
