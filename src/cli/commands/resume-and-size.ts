/** What people decide of trading short of a stop: to resume, the size, a contract's roll, the close of one position. */

import type { Command } from 'commander';
import { APPROVER, MAY_STOP, OPERATOR } from '../../domain/people-roles.js';
import { reasonOf } from '../../domain/plain-text.js';
import { SIZE_PCT_MAX, SIZE_PCT_MIN } from '../../domain/settings-change.js';
import type { Caller, OperationResult } from '../../operations/operation.js';
import type { Operations } from '../../operations/operations.js';
import {
  ASK_AGAIN,
  notProvenInTime,
  REASON_IF_ANY,
  reasonText,
  showOutcome,
  type UrgentOptions,
  urgentOptions,
  withinSeconds,
} from '../act-on-desk.js';
import { actingPerson, deskPerson, SIGNING_OPTION, signedInPerson, signedVote } from '../desk-person.js';
import { EXIT_FAILED, EXIT_OK, failureLines } from '../failure.js';
import { instrumentName, wholeNumber } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../running-desk.js';

const RESUME_SECONDS = 120;
const IT_MAY_TRADE =
  'fermata status shows whether it trades; fermata resume again, with another --size; or fermata stop';

interface ResumeOptions extends UrgentOptions {
  readonly size?: number;
  readonly signingPasswordFile?: string;
}

/** A decision of the signed-in person. */
export function resumeCommand(command: Command): void {
  urgentOptions(command, RESUME_SECONDS)
    .option(...SIGNING_OPTION)
    .option(
      '--size <percent>',
      'position size to continue with, percent of the full size',
      wholeNumber(SIZE_PCT_MIN, SIZE_PCT_MAX),
    )
    .action(async ({ reason, as, timeout, json, size, signingPasswordFile }: ResumeOptions) => {
      process.exitCode = await withOperations(async (operations, runtime) => {
        const caller = { person: signedInPerson(runtime, APPROVER, as), via: 'cli' } as const;
        const decided = { resume: { sizePct: size } };
        const own = await signedVote(runtime, operations, caller.person, decided, signingPasswordFile);
        const resumed = operations.resumeTrading(caller, { reason: reasonOf(reason), sizePct: size, ...own });
        const outcome = await withinSeconds(timeout, resumed, notProvenInTime('resume', timeout));
        // The first of two decisions counts, and waits for the second.
        const counts = outcome.ok && !outcome.proven;
        const doThis = outcome.ok ? IT_MAY_TRADE : ASK_AGAIN;
        return showOutcome('resume', outcome, json === true, doThis, counts ? '!' : undefined);
      }, `every check and the trader's yes, at most ${timeout} s`);
    });
}

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
    .argument(
      '[symbol]',
      'a future of the desk, NQ/USD; left out: the only one that is rolled',
      instrumentName,
    )
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

// `position close` and `order cancel`: a command that makes the desk safer needs no sign-in and no reason.

type Ask = (
  operations: Operations,
  caller: Caller,
  named: string,
  reason: string | null,
) => Promise<OperationResult>;

export function positionCommand(command: Command): void {
  const close = command
    .command('close')
    .description('close one position at the market; the desk goes on as it was')
    .argument('<symbol>', 'as fermata status shows it', instrumentName);
  acts(close, 'position close', (operations, caller, symbol, reason) =>
    operations.closePosition(caller, { symbol, reason }),
  );
}

export function orderCommand(command: Command): void {
  const cancel = command
    .command('cancel')
    .description('cancel one resting entry')
    .argument('<order>', 'clientId of the order, as fermata status --json shows it');
  acts(cancel, 'order cancel', (operations, caller, order, reason) =>
    operations.cancelEntry(caller, { order, reason }),
  );
}

function acts(command: Command, what: string, ask: Ask): void {
  urgentOptions(command, TIMEOUT_SECONDS, REASON_IF_ANY).action(
    async (named: string, { reason, as, timeout, json }: UrgentOptions) => {
      process.exitCode = await withOperations(async (operations, runtime) => {
        const caller = { person: actingPerson(runtime, MAY_STOP, as), via: 'cli' } as const;
        const asked = ask(operations, caller, named, reasonOf(reason));
        const outcome = await withinSeconds(timeout, asked, notProvenInTime(what, timeout));
        return showOutcome(what, outcome, json === true);
      }, `${what}, at most ${timeout} s`);
    },
  );
}
