/** The operations workflows as a later build might have them: each with one more step before all others. */
import { patched, proxyActivities, setWorkflowOptions } from '@temporalio/workflow';
import { operationsQueue } from '../../../src/contracts/queues.js';
import * as now from '../../../src/workflows/operations/bundle.js';

interface NextActivities {
  oneMoreStep(type: string): Promise<void>;
}

function later<Input extends { readonly desk: string }, Output>(
  type: string,
  run: (input: Input) => Promise<Output>,
): (input: Input) => Promise<Output> {
  return async (input) => {
    const { oneMoreStep } = proxyActivities<NextActivities>({
      taskQueue: operationsQueue(input.desk),
      startToCloseTimeout: '10 seconds',
    });
    // Not awaited: people reach a run from its first task on.
    const step = oneMoreStep(type);
    const result = await run(input);
    await step;
    return result;
  };
}

export const { canary } = now;
export const backup = later('backup', now.backup);
export const restoreDrill = later('restoreDrill', now.restoreDrill);
export const deploy = later('deploy', now.deploy);
export const goLive = later('goLive', now.goLive);
export const incident = later('incident', now.incident);
export const preflight = later('preflight', now.preflight);
export const resumption = later('resumption', now.resumption);
export const routine = later('routine', now.routine);
export const settingsChange = later('settingsChange', now.settingsChange);
export const validation = later('validation', now.validation);

const laterPulse = later('pulse', now.pulse);
export const pulse: typeof now.pulse = (input) =>
  patched('one-more-step') ? laterPulse(input) : now.pulse(input);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, pulse);
