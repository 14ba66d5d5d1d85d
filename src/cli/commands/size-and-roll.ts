import type { Command } from 'commander';
import { reasonOf } from '../../domain/plain-text.js';
import { SIZE_PCT_MAX, SIZE_PCT_MIN } from '../../domain/position-size.js';
import { APPROVER, OPERATOR } from '../../domain/roles.js';
import {
  ASK_AGAIN,
  notProvenInTime,
  reasonText,
  showOutcome,
  type UrgentOptions,
  urgentOptions,
  withinSeconds,
} from '../act-on-desk.js';
import { deskPerson, SIGNING_OPTION, signedInPerson, signedVote } from '../desk-person.js';
import { EXIT_FAILED, EXIT_OK, failureLines } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../running-desk.js';

const TIMEOUT_SECONDS = 20;

interface SizeOptions extends UrgentOptions {
  readonly signingPasswordFile?: string;
}

/**
 * A smaller size needs no sign-in. A larger one needs a signed-in person who may approve, which the trader
 * checks.
 */
export function sizeCommand(command: Command): void {
  urgentOptions(
    command.argument(
      '<percent>',
      'of the position size in the desk file, 1 to 100',
      wholeNumber(SIZE_PCT_MIN, SIZE_PCT_MAX),
    ),
    TIMEOUT_SECONDS,
  )
    .option(...SIGNING_OPTION)
    .action(async (sizePct: number, { reason, as, timeout, json, signingPasswordFile }: SizeOptions) => {
      process.exitCode = await withOperations(async (operations, runtime) => {
        const { sizePct: nowPct } = await operations.readStatus();
        const person =
          sizePct > nowPct ? signedInPerson(runtime, APPROVER, as) : deskPerson(runtime, OPERATOR);
        const caller = { person, via: 'cli' } as const;
        const own = await signedVote(runtime, operations, person, { size: { sizePct } }, signingPasswordFile);
        const changed = operations.changeSize(caller, { sizePct, reason: reasonOf(reason), ...own });
        const outcome = await withinSeconds(timeout, changed, notProvenInTime('size', timeout));
        return showOutcome('size', outcome, json === true);
      });
    });
}

interface RollOptions {
  readonly to?: string;
  readonly reason?: string;
  readonly json?: boolean;
}

/** Asks the desk's approvers; once they approve, the rest happens by itself. */
export function rollCommand(command: Command): void {
  command
    .argument('[symbol]', 'a future of the desk, NQ/USD; left out: the only one that is rolled')
    .option('--to <month>', 'month, 202703; left out: the next one')
    .option('--reason <text>', 'why; stored with the evidence', reasonText)
    .option('--json', 'for scripts')
    .action(
      async (
        symbol: string | undefined,
        { to, reason = 'rolled to the next contract', json }: RollOptions,
      ) => {
        process.exitCode = await withOperations(async (operations, runtime) => {
          const caller = { person: deskPerson(runtime, OPERATOR), via: 'cli' } as const;
          const result = await operations.rollContract(caller, { symbol, to, reason });
          const isTaken = result.state === 'waiting' || result.state === 'applied';
          const { state, detail, approvalId, problems, doThis = ASK_AGAIN } = result;
          const said =
            state === 'refused'
              ? failureLines({
                  message: detail,
                  keptSafe: 'nothing was changed',
                  doThis,
                  exitCode: EXIT_FAILED,
                })
              : [
                  `${isTaken ? '✓' : '✗'} ${detail}`,
                  ...(approvalId === null
                    ? []
                    : [`  approve it: fermata approve ${approvalId} --reason TEXT`]),
                ];
          if (json === true) printJson(result);
          else printLines([...said, ...problems.map((problem) => `  ! ${problem}`)]);
          return isTaken ? EXIT_OK : EXIT_FAILED;
        });
      },
    );
}
