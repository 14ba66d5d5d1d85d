import type { Command } from 'commander';
import { reasonOf } from '../../domain/plain-text.js';
import { APPROVER } from '../../domain/roles.js';
import { SIZE_PCT_MAX, SIZE_PCT_MIN } from '../../domain/settings-change.js';
import {
  ASK_AGAIN,
  notProvenInTime,
  showOutcome,
  type UrgentOptions,
  urgentOptions,
  withinSeconds,
} from '../act-on-desk.js';
import { SIGNING_OPTION, signedInPerson, signedVote } from '../desk-person.js';
import { wholeNumber } from '../option-values.js';
import { withOperations } from '../running-desk.js';

const TIMEOUT_SECONDS = 120;
const IT_MAY_TRADE =
  'fermata status shows whether it trades; fermata resume again, with another --size; or fermata stop';

interface ResumeOptions extends UrgentOptions {
  readonly size?: number;
  readonly signingPasswordFile?: string;
}

/** A decision of the signed-in person. */
export function resumeCommand(command: Command): void {
  urgentOptions(command, TIMEOUT_SECONDS)
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
