import type { Command } from 'commander';
import { OPERATOR } from '../../domain/roles.js';
import { reasonText } from '../act-on-desk.js';
import { deskPerson } from '../desk-person.js';
import { EXIT_FAILED, EXIT_OK } from '../failure.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../with-operations.js';

interface RollOptions {
  readonly to?: string;
  readonly reason?: string;
  readonly json?: boolean;
}

/** Asks the desk's approvers; what follows their approval goes on by itself. */
export function rollCommand(command: Command): void {
  command
    .argument('[symbol]', 'a future of the desk, NQ/USD; left out: the only one that is rolled')
    .option('--to <month>', 'month, 202703; left out: the one that follows')
    .option('--reason <text>', 'why; kept with the evidence', reasonText)
    .option('--json', 'for scripts')
    .action(
      async (
        symbol: string | undefined,
        { to, reason = 'rolled to the next contract', json }: RollOptions,
      ) => {
        process.exitCode = await withOperations(async (operations, runtime) => {
          const caller = { person: deskPerson(runtime, OPERATOR), via: 'cli' } as const;
          const result = await operations.rollContract(caller, { symbol, to, reason });
          if (json === true) printJson(result);
          else
            printLines([
              result.detail,
              ...(result.approvalId === null
                ? []
                : [`Approve it: fermata approve ${result.approvalId} --reason TEXT`]),
              ...result.problems,
            ]);
          return result.state === 'refused' ? EXIT_FAILED : EXIT_OK;
        });
      },
    );
}
