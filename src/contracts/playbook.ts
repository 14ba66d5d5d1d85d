/**
 * Messages between an incident and its playbook in code. The code runs on its own queue and does nothing by
 * itself: it asks its incident, which acts, records evidence and answers. The messages are signals because
 * either side may wait for days.
 */

import type { ApprovalParameters } from '../domain/decision.js';
import type { Verdict } from './evidence.js';
import type { PlaybookStep } from './incident.js';
import type { StepParameters } from './routine.js';

export type { PlaybookEnd } from './incident.js';

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

export type PlaybookWish =
  | { readonly do: 'step'; readonly step: Omit<PlaybookStep, 'key'> }
  | {
      readonly do: 'agree';
      readonly title: string;
      readonly terms: ApprovalParameters;
      /** How long the question stays open. Default: as for the incident's other questions. */
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
  /**
   * Workflow id of the asking run. If it is not the incident's current playbook run, the answer is `over`.
   */
  readonly playbook: string;
  /** Counts from 1. A repeated ask is answered, but not carried out again. */
  readonly id: number;
  /** Null: only a sign of life. */
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

/** Per playbook: an incident has all of them in one history. */
export const ASKS_MAX = 500;
