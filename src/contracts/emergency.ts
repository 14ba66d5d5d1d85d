/** The language of the emergency workflows; shared with whoever starts, signals or asks them. */

import type { EvidenceActivities } from './evidence.js';
import type { Alarm } from './notice.js';
import { runLabel } from './run-label.js';

export type EmergencyKind = 'stop' | 'closeAll';
export type EmergencyVia = 'web' | 'cli' | 'telegram' | 'temporal';

export interface EmergencyOrder {
  readonly commandId: string;
  readonly kind: EmergencyKind;
  readonly by: string;
  readonly via: EmergencyVia;
  readonly reason: string;
  /** Incarnations whose trader took the command over the control socket already. */
  readonly sentTo: readonly string[];
}

export type EmergencySignal = Omit<EmergencyOrder, 'kind'>;

/** The evidence that somebody asked for it; read again where a reason is missing. */
export const ORDER_NAMES: Readonly<Record<EmergencyKind, string>> = {
  stop: 'Asked for: stop trading',
  closeAll: 'Asked for: close all positions',
};
/** What whoever asked has done then. */
export const EMERGENCY_DEEDS: Readonly<Record<EmergencyKind, string>> = {
  stop: 'stopped trading',
  closeAll: 'closed all positions',
};
export const orderStepKey = (commandId: string): string => `order:${commandId}`;
export const askedWords = ({ by, via, reason }: Pick<EmergencyOrder, 'by' | 'via' | 'reason'>): string =>
  `${by} (${via}): ${reason}`;

export interface EmergencyTiming {
  /** How long one reading waits inside the engine worker for the proof, milliseconds. */
  readonly proofPatienceMs: number;
  /** Past these the run says by name what is not stopped or not flat, and keeps on trying. */
  readonly stopDeadlineMs: number;
  readonly closeAllDeadlineMs: number;
  /** Pause between two rounds: doubles from the first to the second. */
  readonly retryMs: number;
  readonly retryMsMax: number;
  /** Rounds after which the run ends unproven and a person has to look. */
  readonly roundsMax: number;
  /** A task that no engine worker takes within this time says that none is there. */
  readonly queueWaitMs: number;
  /** How long the writing of evidence is retried after the proof. */
  readonly evidenceMs: number;
}

/**
 * A step of these workflows takes milliseconds. What a killed worker had in its hands goes to the next one after this
 * time, instead of the server's ten seconds.
 */
export const EMERGENCY_TASK_MS = 2_000;

export const EMERGENCY_TIMING: EmergencyTiming = {
  proofPatienceMs: 2_000,
  stopDeadlineMs: 30_000,
  closeAllDeadlineMs: 30_000,
  retryMs: 250,
  retryMsMax: 60_000,
  roundsMax: 200,
  queueWaitMs: 2_000,
  evidenceMs: 24 * 3_600_000,
};

export interface EmergencyStopInput {
  readonly desk: string;
  /** Null: ask the desk owner. */
  readonly incarnations: readonly string[] | null;
  /** Traders that are left out, only to be named; null where nobody was asked for them. */
  readonly gone?: readonly AdmittedIncarnation[] | null;
  readonly orders: readonly EmergencyOrder[];
  readonly timing: EmergencyTiming;
}

export interface EmergencyOutcome {
  readonly kind: EmergencyKind;
  readonly proven: boolean;
  /** Someone armed the desk again before the stop was proven. */
  readonly superseded: boolean;
  readonly detail: string;
}

/** One journal incarnation at one place (host and control socket): a new one there replaces the old one. */
export interface AdmittedIncarnation {
  readonly incarnation: string;
  readonly place: string;
  /** When it last announced itself; runs from before this was kept don't know. */
  readonly seenMs?: number;
}

export const INCARNATIONS_MAX = 8;
/** A trader that has not announced itself for so long is gone: nothing is proven of it any more. */
export const TRADER_GONE_MS = 3 * 86_400_000;
/** So long a stop still names it, so that somebody looks whether it is. */
export const TRADER_NAMED_MS = 30 * 86_400_000;

export const isThere = ({ seenMs }: AdmittedIncarnation, nowMs: number): boolean =>
  seenMs === undefined || nowMs - seenMs < TRADER_GONE_MS;

export interface DeskOwnerInput {
  readonly desk: string;
  readonly admitted: readonly AdmittedIncarnation[];
  readonly orders: readonly EmergencyOrder[];
  readonly timing: EmergencyTiming;
}

export const EMERGENCY_MESSAGES = {
  stop: 'stop',
  closeAll: 'closeAll',
  progress: 'progress',
  admitIncarnation: 'admitIncarnation',
  incarnations: 'incarnations',
} as const;

export const emergencyStopLabel = (desk: string) =>
  runLabel({
    desk,
    routine: 'emergency-stop',
    summary: `Emergency stop of ${desk}`,
    listed: null,
    details: [
      'Halts every known trader of the desk, proves by reading back that no entry order works (stop) or that the desk is',
      'flat (close all), and says by name what is not. Send the signal `stop` or `closeAll` with a reason at any time.',
    ].join(' '),
  });

export interface EmergencyActivities extends EvidenceActivities {
  /** Journal incarnations of every trader that was announced. */
  knownIncarnations(): Promise<readonly string[]>;
  /** Those that were announced, and not seen for days. */
  goneTraders(): Promise<readonly AdmittedIncarnation[]>;
  raiseAlarm(alarm: Alarm): Promise<void>;
}
