import {
  askedWords,
  closes,
  type EmergencyKind,
  type EmergencySignal,
  ORDER_NAMES,
  orderStepKey,
} from '../contracts/emergency.js';
import { emergencyStopId } from '../contracts/queues.js';
import { messageOf } from '../domain/message-of.js';
import { recordEvidenceBatch } from '../store/evidence-rows.js';
import type { Pool } from '../store/pool.js';

interface Place {
  readonly pool: Pool;
  readonly nowMs: () => number;
  readonly desk: string;
  readonly simulated: boolean;
}

/**
 * Writes the evidence of a stop if no workflow does. Null once it is written, otherwise what is missing. `journaled`: the
 * order is in the trader's journal, on disk.
 */
export async function recordWithoutWorkflow(
  { pool, desk, simulated, nowMs }: Place,
  kind: EmergencyKind,
  order: Pick<EmergencySignal, 'commandId' | 'by' | 'via' | 'reason'>,
  proof: { readonly proven: boolean; readonly haltId: string | null; readonly detail: string },
  journaled: boolean,
): Promise<string | null> {
  const nowIs = nowMs();
  const run = `socket:${order.commandId}`;
  const common = {
    desk,
    workflowId: emergencyStopId(desk),
    firstRunId: run,
    runId: run,
    routine: 'emergency-stop',
    startedMs: nowIs,
    finishedMs: nowIs,
    marketMs: null,
    person: order.by,
    reference: proof.haltId,
    simulated,
  } as const;
  try {
    await recordEvidenceBatch(pool, [
      {
        ...common,
        stepKey: orderStepKey(order.commandId),
        name: ORDER_NAMES[kind],
        kind: 'human',
        verdict: 'pass',
        observed: askedWords(order),
        expected: 'a person asks; nothing is needed to stop',
      },
      {
        ...common,
        stepKey: `proof:${order.commandId}`,
        name: closes(kind) ? 'Flat, read back' : 'Stopped, read back',
        kind: 'check',
        verdict: proof.proven ? 'pass' : 'fail',
        observed: `by the control socket, without a workflow: ${proof.detail}`,
        expected: closes(kind) ? 'flat at the venue' : 'halted, no entry order works',
      },
    ]);
    return null;
  } catch (error) {
    const elsewhere = journaled ? ": the trader's journal has it" : '';
    return `The evidence of it was not written (${messageOf(error)})${elsewhere}.`;
  }
}
