/** A workflow that only asks people: the piece as any procedure uses it, with continue-as-new on demand. */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineSignal,
  setHandler,
} from '@temporalio/workflow';
import type { ApprovalOutcome, ApprovalRequest, OpenApproval } from '../../../src/contracts/approval.js';
import { Approvals } from '../../../src/workflows/operations/approval.js';

export interface AskInput {
  readonly request: ApprovalRequest;
  readonly carried: readonly OpenApproval[];
}

export const goOn = defineSignal('goOn');

export async function askPeople({ request, carried }: AskInput): Promise<ApprovalOutcome> {
  const approvals = new Approvals(request.desk, carried);
  let again = false;
  setHandler(goOn, () => {
    again = true;
  });
  const asked = approvals.ask(request);
  const outcome = await Promise.race([asked, condition(() => again).then(() => null)]);
  await condition(allHandlersFinished);
  if (outcome === null) return continueAsNew<typeof askPeople>({ request, carried: approvals.carriedOver() });
  return outcome;
}
