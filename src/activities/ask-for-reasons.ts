/**
 * Every stop goes through the emergency workflow, wherever it came from; its evidence shows which orders came without a
 * reason. Nobody waits for a signal's answer, so the reason is asked for here.
 */
import {
  askedWords,
  EMERGENCY_DEEDS,
  type EmergencyKind,
  type EmergencyVia,
  ORDER_NAMES,
  orderStepKey,
} from '../contracts/emergency.js';
import type { StepEvidence } from '../contracts/evidence.js';
import { NO_REASON } from '../domain/no-reason.js';
import { askWhy, type Unexplained } from '../notify/ask-why.js';
import type { Pool } from '../store/pool.js';

const KINDS = Object.keys(ORDER_NAMES) as EmergencyKind[];
const VIAS: readonly EmergencyVia[] = ['web', 'cli', 'telegram', 'temporal'];
const ORDER = orderStepKey('');

export async function askForReasons(
  pool: Pool,
  home: string | null,
  desk: string,
  steps: readonly StepEvidence[],
): Promise<void> {
  for (const step of steps) {
    const found = unexplained(desk, step);
    if (found !== null) await askWhy(pool, home, found);
  }
}

/** Null if the step is not an order, or an order with a reason. */
function unexplained(desk: string, step: StepEvidence): Unexplained | null {
  const { stepKey, name, person, observed, finishedMs } = step;
  const kind = KINDS.find((one) => ORDER_NAMES[one] === name);
  if (kind === undefined || person === null || !stepKey.startsWith(ORDER)) return null;
  const via = VIAS.find((one) => observed === askedWords({ by: person, via: one, reason: NO_REASON }));
  if (via === undefined) return null;
  return {
    desk,
    person: via === 'temporal' ? 'somebody' : person,
    via,
    did: EMERGENCY_DEEDS[kind],
    commandId: stepKey.slice(ORDER.length),
    atMs: finishedMs,
  };
}
