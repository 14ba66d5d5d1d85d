import type { Command } from 'commander';
import { SIZE_PCT_MAX, SIZE_PCT_MIN } from '../../domain/position-size.js';
import { APPROVER, OPERATOR } from '../../domain/roles.js';
import { type ActOptions, actOptions, notProvenInTime, showOutcome, withinSeconds } from '../act-on-desk.js';
import { deskPerson } from '../desk-person.js';
import { wholeNumber } from '../option-values.js';
import { withOperations } from '../with-operations.js';

const TIMEOUT_SECONDS = 20;

/** Smaller takes an operator; larger is a decision of whoever approves, which the trader checks. */
export function sizeCommand(command: Command): void {
  actOptions(
    command.argument(
      '<percent>',
      'of the position size in the desk file, 1 to 100',
      wholeNumber(SIZE_PCT_MIN, SIZE_PCT_MAX),
    ),
    TIMEOUT_SECONDS,
  ).action(async (sizePct: number, { reason, as, timeout, json }: ActOptions) => {
    process.exitCode = await withOperations(async (operations, runtime) => {
      const { sizePct: nowPct } = await operations.readStatus();
      const needed = sizePct > nowPct ? APPROVER : OPERATOR;
      const caller = { person: deskPerson(runtime, needed, as), via: 'cli' } as const;
      const changed = operations.changeSize(caller, { sizePct, reason });
      const outcome = await withinSeconds(timeout, changed, notProvenInTime('size', timeout));
      return showOutcome('size', outcome, json === true);
    });
  });
}
