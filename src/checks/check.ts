/** A check observes one thing and says what it expected, in words and numbers. It changes nothing. */
import type { Desk } from '../desk/schema.js';
import type { Runtime } from '../home/runtime.js';
import type { EvidenceVerdict } from '../store/evidence/evidence.js';
import type { Pool } from '../store/pool.js';
import type { TraderClient } from '../trader/client.js';

export interface CheckContext {
  readonly runtime: Runtime;
  /** The desk as it was loaded when this process started. */
  readonly desk: Desk;
  readonly trader: Pick<TraderClient, 'call'>;
  readonly pool: Pick<Pool, 'query'>;
}

export type CheckParameters = Readonly<Record<string, string | number | boolean>>;

export interface CheckOutcome {
  readonly verdict: EvidenceVerdict;
  readonly observed: string;
  readonly expected: string;
}

/** May throw: a check that can't be finished has not passed. */
export type Check = (context: CheckContext, parameters: CheckParameters) => Promise<CheckOutcome>;

/** A threshold from the desk file, or its default where the desk file gives none. */
export function numberOf(parameters: CheckParameters, key: string, otherwise: number): number {
  const given = parameters[key];
  if (given === undefined) return otherwise;
  if (typeof given === 'number' && Number.isFinite(given)) return given;
  throw new Error(`the desk file's "with.${key}" is not a number: ${String(given)}`);
}
