/** What is looked at before real money is traded. A check changes nothing and says what it saw and what it expected. */
import type { Desk } from '../../desk/schema.js';
import type { ExchangeReading } from './exchange-reading.js';

export type PreflightVerdict = 'pass' | 'warn' | 'fail';

export interface PreflightSubject {
  readonly desk: Desk;
  readonly configHash: string;
  /** FERMATA_HOME. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** One connection for all checks. */
  readonly exchange: ExchangeReading;
  /** Instead of the exchange: a simulator on this machine. */
  readonly simulatedVenue?: string | undefined;
  readonly nowMs: number;
  /** Folder of the validation reports. */
  readonly reportFolder: string;
}

export interface PreflightOutcome {
  readonly verdict: PreflightVerdict;
  readonly observed: string;
  readonly expected: string;
}

export interface PreflightCheck {
  readonly key: string;
  readonly title: string;
  /** May throw: what can't be looked at has failed. */
  readonly look: (subject: PreflightSubject) => PreflightOutcome | Promise<PreflightOutcome>;
}

export interface PreflightResult extends PreflightOutcome {
  readonly key: string;
  readonly title: string;
}

export interface PreflightReport {
  readonly desk: string;
  readonly configHash: string;
  readonly endpoint: string;
  /** A failure forbids a start with real money; a warning does not, and is told. */
  readonly verdict: PreflightVerdict;
  readonly results: readonly PreflightResult[];
  readonly atMs: number;
}
