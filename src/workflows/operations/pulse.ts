/**
 * A loop whose newest beat shows that the operations side is alive: timers fire, history is written and the operations
 * worker runs workflow code. The engine worker queries it and only then tells the trader that operations are alive.
 */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  patched,
  setHandler,
  setWorkflowOptions,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { PULSE_MESSAGES, type PulseInput } from '../../contracts/queues.js';
import { CANCEL_ASKED, onCancelRequest } from '../cancellation.js';
import { showPhase } from '../show.js';

const lastBeatQuery = defineQuery<number>(PULSE_MESSAGES.lastBeat);

/** Beats per run, at five events each. A server that wants shorter histories asks for a new run earlier. */
const BEATS_MAX = 500;
const AS_THE_SERVER_ASKS = 'pulse-goes-on-in-a-new-run-when-the-server-asks';

// This workflow never ends: a pinned run would keep the build under which it began forever. A change to it needs
// `patched`.
setWorkflowOptions(() => {
  const { currentDeploymentVersion, unsafe } = workflowInfo();
  // A worker without versions may not set it.
  const isVersioned = Boolean(currentDeploymentVersion?.deploymentName) || unsafe.isReplaying;
  return isVersioned ? { versioningBehavior: 'AUTO_UPGRADE' } : {};
}, pulse);

export async function pulse(input: PulseInput): Promise<void> {
  let lastBeatMs = Date.now();
  setHandler(lastBeatQuery, () => lastBeatMs);
  showPhase(`${input.desk}: operations are alive`, [`One beat every ${input.everyMs / 1_000} s`]);
  onCancelRequest(() =>
    showPhase(`${input.desk}: beats on`, [`${CANCEL_ASKED}: without it the trader would stop`]),
  );
  for (let beat = 1; beat <= BEATS_MAX; beat += 1) {
    await sleep(input.everyMs);
    lastBeatMs = Date.now();
    if (workflowInfo().continueAsNewSuggested && patched(AS_THE_SERVER_ASKS)) break;
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof pulse>(input);
}
