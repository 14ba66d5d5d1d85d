/** The contract of the emergency workflows; shared with whoever starts, signals or queries them. */
import { REPAIR_DISK } from '../domain/mode.js';
import type { EvidenceActivities } from './evidence.js';
import type { Alarm } from './notice.js';
import { runLabel } from './run-label.js';

/** `kill`: a close-all that two people must lift. */
export type EmergencyKind = 'stop' | 'closeAll' | 'kill';
/** Weakest first: the strongest of several orders is what is proven. */
const STRENGTH: readonly EmergencyKind[] = ['stop', 'closeAll', 'kill'];
export const strongestOf = (orders: readonly Pick<EmergencyOrder, 'kind'>[]): EmergencyKind =>
  STRENGTH.findLast((kind) => orders.some((order) => order.kind === kind)) ?? 'stop';
/** Whether positions are closed, too. */
export const closes = (kind: EmergencyKind): boolean => kind !== 'stop';
export const EMERGENCY_TITLES: Readonly<Record<EmergencyKind, string>> = {
  stop: 'Stop',
  closeAll: 'Close all',
  kill: 'Kill',
};
export type EmergencyVia = 'web' | 'cli' | 'telegram' | 'temporal';

export interface EmergencyOrder {
  readonly commandId: string;
  readonly kind: EmergencyKind;
  readonly by: string;
  readonly via: EmergencyVia;
  readonly reason: string;
  /** Incarnations whose trader has already taken the command over the control socket. */
  readonly sentTo: readonly string[];
}

export type EmergencySignal = Omit<EmergencyOrder, 'kind'>;

/** Name of the evidence of the request; looked up again when a reason is missing. */
export const ORDER_NAMES: Readonly<Record<EmergencyKind, string>> = {
  stop: 'Asked for: stop trading',
  closeAll: 'Asked for: close all positions',
  kill: 'Asked for: kill (close all positions; two people must resume)',
};
/** What the person did by ordering it, in the past tense. */
export const EMERGENCY_DEEDS: Readonly<Record<EmergencyKind, string>> = {
  stop: 'stopped trading',
  closeAll: 'closed all positions',
  kill: 'killed the desk',
};
/** For an unproven order: nobody should assume it won't happen and then be surprised when it does. */
export const NOT_TAKEN_BACK = {
  taken: 'it is not taken back: the desk goes on with it',
  untaken: 'it is not taken back: it is sent again until a trader takes it, also one that is started later',
} as const;
/** For an order that the trader has carried out and could not write: nobody should count on it after a restart. */
const NOT_ON_DISK = 'it is not on disk, and a restart of the trader takes it back';
export const NOT_KEPT = {
  sentAgain: `${NOT_ON_DISK}: it is sent again until the trader can write it`,
  lost: `${NOT_ON_DISK}: give it again right after that`,
  helps: `${REPAIR_DISK}, and give it again at once`,
} as const;
export const orderStepKey = (commandId: string): string => `order:${commandId}`;
export const askedWords = ({ by, via, reason }: Pick<EmergencyOrder, 'by' | 'via' | 'reason'>): string =>
  `${by} (${via}): ${reason}`;

/** How long to wait for the trader's answer to the command. */
export const EMERGENCY_COMMAND_MS = 2_000;

export interface EmergencyTiming {
  /** How long one reading waits for the proof inside the engine worker, in milliseconds. */
  readonly proofPatienceMs: number;
  /** After its deadline the run names what is not stopped or not flat, and goes on trying. */
  readonly stopDeadlineMs: number;
  readonly closeAllDeadlineMs: number;
  /** Pause between two rounds: doubles from the first value up to the second. */
  readonly retryMs: number;
  readonly retryMsMax: number;
  /**
   * After this many rounds the run ends unproven, and a person must look. A trader that has not taken the
   * order is sent a stop until it counts as gone.
   */
  readonly roundsMax: number;
  /** If no engine worker picks up a task within this time, there is none. */
  readonly queueWaitMs: number;
  /** How long writing evidence is retried after the proof. */
  readonly evidenceMs: number;
}

/**
 * A step of these workflows takes milliseconds, so a killed worker's task goes to the next worker after this
 * time, not after the server's ten seconds.
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
  /** Null: query the desk owner in each round, since a trader may begin anew while the stop runs. */
  readonly incarnations: readonly string[] | null;
  /** Traders to stop in addition to those of the desk owner, which may not answer. */
  readonly known?: readonly string[];
  /**
   * Traders that are only named, not stopped; null: not known, so a run without `incarnations` queries them
   * too.
   */
  readonly gone?: readonly AdmittedIncarnation[] | null;
  /** When its orders were received, if another run carried them over. */
  readonly sinceMs?: number;
  /** Absent: nothing was carried over, or by a run of an earlier version. */
  readonly carried?: EmergencyCarried;
  readonly orders: readonly EmergencyOrder[];
  readonly timing: EmergencyTiming;
}

/** What the run before has done for the orders that it carries over. Only what is written and sent counts as said. */
export interface EmergencyCarried {
  /** Command ids of those orders. The input's other orders are new, and begin everything anew. */
  readonly commandIds: readonly string[];
  /** Their evidence is written. */
  readonly isRecorded: boolean;
  /** The round that comes next. */
  readonly round: number;
  /** After the last round a stop is sent on; people have been told. */
  readonly sendsOn: boolean;
  /** People have been told that it is not proven in time. */
  readonly isEscalated: boolean;
  /** Traders that the evidence names as left out. */
  readonly named: readonly string[];
  readonly traders: readonly CarriedTrader[];
}

export interface CarriedTrader {
  readonly incarnation: string;
  /** The evidence has a failed attempt to send it an order. */
  readonly hasFailed: boolean;
  /** How often close-all was ordered again: part of the command ids. */
  readonly repeats: number;
}

export interface EmergencyOutcome {
  readonly kind: EmergencyKind;
  readonly proven: boolean;
  /** Somebody armed the desk again before the stop was proven. */
  readonly superseded: boolean;
  readonly detail: string;
  /**
   * Traders that have yet to take every order; null: none is known yet. Absent: a run of an earlier version.
   */
  readonly owedTo?: readonly string[] | null;
  /** Traders that have taken every order, if it is also sent to traders that start meanwhile. */
  readonly takenBy?: readonly string[];
}

/** One journal incarnation at one place (host and control socket): a new one there replaces the old one. */
export interface AdmittedIncarnation {
  readonly incarnation: string;
  readonly place: string;
  /** When it last announced itself; unknown in runs from before this was recorded. */
  readonly seenMs?: number;
}

export const INCARNATIONS_MAX = 8;
/** A trader that has not announced itself for this long is gone: stops prove nothing about it. */
export const TRADER_GONE_MS = 3 * 86_400_000;
/** A stop still names the trader for this long, so that somebody checks that it is gone. */
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
  kill: 'kill',
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
      'Halts every known trader of the desk, proves by reading back that no entry order rests (stop) or that the desk is',
      'flat (close all, kill), and says by name what is not. Send the signal `stop`, `closeAll` or `kill` (two people must',
      'resume) with a reason at any time.',
    ].join(' '),
  });

export interface EmergencyActivities extends EvidenceActivities {
  /** Journal incarnations of every announced trader. */
  knownIncarnations(): Promise<readonly string[]>;
  /** Announced traders that have not been seen for days. */
  goneTraders(): Promise<readonly AdmittedIncarnation[]>;
  raiseAlarm(alarm: Alarm): Promise<void>;
}
