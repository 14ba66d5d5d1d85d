/**
 * What is said between an incident and its playbook in code. The code runs on a queue of its own and does nothing by itself: it
 * asks its incident, which carries out, keeps evidence and answers. Signals, since either may wait for days.
 */
import type { StepParameters } from '../desk/step-parts.js';
import type { ApprovalParameters } from '../domain/approval.js';
import type { Verdict } from './evidence.js';
import type { PlaybookStep } from './incident.js';

export const PLAYBOOK_TYPE = 'playbook';

export const PLAYBOOK_MESSAGES = { ask: 'playbookAsks', answer: 'playbookAnswer' } as const;

export interface PlaybookInput {
  readonly desk: string;
  readonly name: string;
  readonly with: StepParameters;
  readonly incident: {
    readonly workflowId: string;
    readonly kind: string;
    readonly title: string;
    readonly detail: string;
    /** Wall milliseconds. */
    readonly openedMs: number;
  };
}

/** How it ended; never a failure of the run, which would be told as a fault of ours. */
export interface PlaybookEnd {
  readonly ended: 'done' | 'failed' | 'cancelled';
  /** What it said at its end, or why it ended. */
  readonly says: string;
}

export type PlaybookWish =
  | { readonly do: 'step'; readonly step: Omit<PlaybookStep, 'key'> }
  | {
      readonly do: 'agree';
      readonly title: string;
      readonly terms: ApprovalParameters;
      /** Left out: as long as every question of the incident. */
      readonly minutes?: number | undefined;
    }
  | {
      readonly do: 'record';
      readonly title: string;
      readonly verdict: Verdict;
      readonly observed: string;
      readonly expected: string;
    }
  | { readonly do: 'tell'; readonly text: string };

export interface PlaybookAsk {
  /** The run that asks, by its workflow's id: another one than the incident's own is told that it is over. */
  readonly playbook: string;
  /** Counts from 1. Asked again it is answered, and not done again. */
  readonly id: number;
  /** Null: it only says that it is there. */
  readonly wish: PlaybookWish | null;
}

export interface PlaybookOutcome {
  readonly verdict: Verdict;
  readonly observed: string;
  readonly expected: string;
  /** Who agreed or did it. */
  readonly person: string | null;
}

export type PlaybookReply =
  | { readonly id: number; readonly outcome: PlaybookOutcome }
  /** Nobody answers it any more. */
  | { readonly over: string };

/** Of one playbook: an incident keeps all of them in one history. */
export const ASKS_MAX = 500;
