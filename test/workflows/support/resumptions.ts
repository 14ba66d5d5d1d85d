/** Resumptions on the real Temporal server, looking again at once. */

import { operationsQueue, resumptionId } from '../../../src/contracts/queues.js';
import {
  type DecisionOutcome,
  RESUMPTION_MESSAGES,
  RESUMPTION_TIMING,
  type ResumptionInput,
  type ResumptionProgress,
} from '../../../src/contracts/resumption.js';
import { FERMATA_DESK } from '../../../src/contracts/run-label.js';
import type { Decision } from '../../../src/domain/decision.js';
import { until } from '../../support/eventually.js';
import { CHECK_STEPS } from './check-steps.js';
import type { Bench, BenchDesk } from './desk-bench.js';

const TIMING: ResumptionInput['timing'] = {
  ...RESUMPTION_TIMING,
  retryMs: 50,
  retryMsMax: 200,
  decisionWaitMs: 60_000,
  evidenceMs: 600_000,
};

export interface RunningResumption {
  readonly workflowId: string;
  result(): Promise<ResumptionProgress>;
  progress(): Promise<ResumptionProgress>;
  /** Resolves once it waits for something that contains `what`. */
  waitsFor(what: string): Promise<ResumptionProgress>;
  decide(decision: Decision): Promise<DecisionOutcome>;
  end(): Promise<unknown>;
}

export async function resume(
  { client }: Pick<Bench, 'client'>,
  desk: BenchDesk,
  haltId: string,
  change: Partial<ResumptionInput> = {},
): Promise<RunningResumption> {
  const input: ResumptionInput = {
    desk: desk.name,
    haltId,
    incarnation: desk.trader.incarnation,
    steps: CHECK_STEPS,
    simulated: true,
    timing: TIMING,
    decisions: [],
    cycle: 0,
    ...change,
  };
  const workflowId = resumptionId(desk.name, haltId);
  await client.workflow.start('resumption', {
    workflowId,
    taskQueue: operationsQueue(desk.name),
    args: [input],
    typedSearchAttributes: [{ key: FERMATA_DESK, value: desk.name }],
  });
  // Whichever run of it goes on.
  const handle = client.workflow.getHandle(workflowId);
  const progress = () => handle.query<ResumptionProgress>(RESUMPTION_MESSAGES.progress);
  return {
    workflowId,
    result: () => handle.result() as Promise<ResumptionProgress>,
    progress,
    waitsFor: (what) =>
      until(`it to wait for: ${what}`, async () => {
        const now = await progress();
        return now.state === 'waiting' && now.detail.includes(what) ? now : null;
      }),
    decide: (decision) =>
      handle.executeUpdate<DecisionOutcome, [Decision]>(RESUMPTION_MESSAGES.decide, { args: [decision] }),
    end: () => handle.terminate(),
  };
}
