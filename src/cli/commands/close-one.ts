/**
 * `position close` and `order cancel`: a command that makes the desk safer needs no sign-in and no reason.
 */
import type { Command } from 'commander';
import { reasonOf } from '../../domain/plain-text.js';
import { MAY_STOP } from '../../domain/roles.js';
import type { Caller, OperationResult } from '../../operations/operation.js';
import type { Operations } from '../../operations/operations.js';
import {
  notProvenInTime,
  REASON_IF_ANY,
  showOutcome,
  type UrgentOptions,
  urgentOptions,
  withinSeconds,
} from '../act-on-desk.js';
import { actingPerson } from '../desk-person.js';
import { withOperations } from '../running-desk.js';

const TIMEOUT_SECONDS = 20;

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
    .argument('<symbol>', 'as fermata status shows it');
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
