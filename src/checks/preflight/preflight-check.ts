/**
 * The type of the checks before real money is traded. A check changes nothing and says what it saw and what it
 * expected.
 */

import type { PreflightOutcome } from '../../contracts/preflight.js';
import type { Desk } from '../../desk/schema.js';
import type { ExchangeReading } from './exchange-reading.js';

export interface PreflightSubject {
  readonly desk: Desk;
  readonly configHash: string;
  /** FERMATA_HOME. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** One connection for all checks. */
  readonly exchange: ExchangeReading;
  /** Address of a simulator on this machine that replaces the exchange. */
  readonly simulatedVenue?: string | undefined;
  readonly nowMs: number;
  /** Folder of the validation reports. */
  readonly reportFolder: string;
}

export interface PreflightCheck {
  readonly key: string;
  readonly title: string;
  /** May throw: what can't be checked has failed. */
  readonly look: (subject: PreflightSubject) => PreflightOutcome | Promise<PreflightOutcome>;
}
