import { HOUR_MS } from '../domain/civil-date.js';
import { messageOf } from '../domain/message-of.js';
import { newRequest } from '../validation/new-request.js';
import { keepRequest } from '../validation/request.js';
import { loadDesk } from '../venue/load-desk.js';
import { type Caller, notDone, type OperationContext, type OperationResult } from './operation.js';
import { recordAudit, whyNotAudited } from './record-audit.js';
import { startValidation } from './validate-desk.js';

export interface ValidationWish {
  /** Market time that is traded, exactly. */
  readonly hours: number;
}

/**
 * Starts a validation on the desk's own prices, and does not wait: on live ones it takes as long as the clock. `proven`: never;
 * its report says it.
 */
export async function askForValidation(
  context: OperationContext,
  caller: Caller,
  { hours }: ValidationWish,
): Promise<OperationResult> {
  const { runtime, temporal } = context;
  const asked = { action: 'validate', parameters: { hours } };
  const refused = await whyNotAudited(context, caller, asked);
  if (refused !== null) return notDone(refused);
  try {
    const loaded = loadDesk(runtime.deskFile);
    const market = { kind: 'auto', files: [], speed: undefined, seed: undefined, exitAtEnd: false } as const;
    const wish = { durationMs: hours * HOUR_MS, market, requestedBy: caller.person };
    const request = keepRequest(runtime.home, newRequest(loaded, wish, context.nowMs()), loaded);
    const workflowId = await startValidation(temporal, request);
    const audit = await recordAudit(context, caller, { ...asked, outcome: `started ${request.id}` });
    return {
      ok: true,
      proven: false,
      detail: `Validation ${request.id} trades ${hours} h on paper; on live prices that takes as long. Its report comes by itself.`,
      haltId: null,
      workflowId,
      problems: audit === null ? [] : [audit],
    };
  } catch (error) {
    return notDone(
      `The validation was not started: ${messageOf(error)}. The desk goes on. Try again when Temporal answers.`,
    );
  }
}
