import type { Command } from 'commander';
import { SIZE_PCT_MAX, SIZE_PCT_MIN } from '../../domain/position-size.js';
import { APPROVER } from '../../domain/roles.js';
import { type ActOptions, actOptions, notProvenInTime, showOutcome, withinSeconds } from '../act-on-desk.js';
import { deskPerson } from '../desk-person.js';
import { wholeNumber } from '../option-values.js';
import { withOperations } from '../with-operations.js';

const TIMEOUT_SECONDS = 120;

/** A person's decision: whoever can read the mode-0600 decision key is who the desk file calls approver. */
export function resumeCommand(command: Command): void {
  actOptions(command, TIMEOUT_SECONDS)
    .option(
      '--size <percent>',
      'position size to go on with, percent of the desk file’s',
      wholeNumber(SIZE_PCT_MIN, SIZE_PCT_MAX),
    )
    .action(async ({ reason, as, timeout, json, size }: ActOptions & { readonly size?: number }) => {
      process.exitCode = await withOperations(async (operations, runtime) => {
        const caller = { person: deskPerson(runtime, APPROVER, as), via: 'cli' } as const;
        const resumed = operations.resumeTrading(caller, { reason, sizePct: size });
        const outcome = await withinSeconds(timeout, resumed, notProvenInTime('resume', timeout));
        return showOutcome('resume', outcome, json === true);
      }, `every check and the trader's yes, at most ${timeout} s`);
    });
}
