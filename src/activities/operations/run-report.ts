import { ApplicationFailure } from '@temporalio/common';
import type { CheckContext } from '../../checks/check.js';
import { FAILURE_NAMES } from '../../contracts/failure-names.js';
import type { CheckOutcome, ReportRequest } from '../../contracts/routine.js';
import type { Report } from '../../reports/report.js';
import { boundedOutcome } from './bounded-text.js';

/** Passes where it could be worked out: a report judges nothing. */
export async function runReport(
  reports: ReadonlyMap<string, Report>,
  context: CheckContext,
  request: ReportRequest,
  nowMs: number,
): Promise<CheckOutcome> {
  const report = reports.get(request.report);
  if (!report) {
    const known = [...reports.keys()].join(', ');
    throw ApplicationFailure.nonRetryable(
      `there is no report "${request.report}" (there are: ${known})`,
      FAILURE_NAMES.unknownCheck,
    );
  }
  const observed = await report({ ...context, marketMs: request.marketMs ?? nowMs }, request.with);
  return boundedOutcome({ verdict: 'pass', observed, expected: 'worked out from what is stored' });
}
