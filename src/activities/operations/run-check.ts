import { ApplicationFailure } from '@temporalio/common';
import type { Check, CheckContext } from '../../checks/check.js';
import { FAILURE_NAMES } from '../../contracts/failure-names.js';
import type { CheckOutcome, CheckRequest } from '../../contracts/routine.js';

/** Text of a check ends up in a workflow's history, which has limits. */
const TEXT_LENGTH_MAX = 2_000;

export async function runCheck(
  checks: ReadonlyMap<string, Check>,
  context: CheckContext,
  request: CheckRequest,
): Promise<CheckOutcome> {
  const check = checks.get(request.check);
  if (!check) {
    const known = [...checks.keys()].join(', ');
    throw ApplicationFailure.nonRetryable(
      `there is no check "${request.check}" (there are: ${known})`,
      FAILURE_NAMES.unknownCheck,
    );
  }
  const { verdict, observed, expected } = await check(context, request.with);
  return {
    verdict,
    observed: observed.slice(0, TEXT_LENGTH_MAX),
    expected: expected.slice(0, TEXT_LENGTH_MAX),
  };
}
