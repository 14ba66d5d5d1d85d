/** Notices to people: each is sent once per fingerprint. */
import type { HaltCause } from '../domain/mode.js';

/** What the desk file chooses by. */
export const NOTICE_EVENTS = [
  'halt',
  'armed',
  'fill',
  'routine',
  'incident',
  'task',
  'report',
  'warning',
  'setup',
  'order',
  'system',
] as const;

export const INCIDENT_SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;

export type NoticeSeverity = 'info' | 'warning' | 'critical';

/**
 * The desk file's `notify` lists the events to send. `approval` and `test` always go to Telegram, `mail-test`
 * to mail.
 */
type NoticeEvent = (typeof NOTICE_EVENTS)[number] | 'approval' | 'test' | 'mail-test';

export interface NoticeButton {
  readonly text: string;
  /** Data sent by a tap; at most 64 bytes. */
  readonly data: string;
  /** The button agrees to what the notice says; left out if the notice can't say all of it. */
  readonly agrees?: true;
}

export interface Notice {
  readonly desk: string;
  readonly event: NoticeEvent;
  readonly severity: NoticeSeverity;
  /** One line. */
  readonly title: string;
  readonly text: string;
  /** Notices with the same fingerprint are the same notice, which is sent once. */
  readonly fingerprint: string;
  /** When it happened (wall milliseconds), if the notice may be stored later than that. */
  readonly occurredMs?: number;
  /** One row of buttons below the message. */
  readonly buttons?: readonly NoticeButton[];
  /**
   * People with one of these desk-file roles also get it in their own chats, not only in the desk's; not those of whom
   * it says `allBut`.
   */
  readonly audience?: readonly string[];
  /** Its section in docs/WOKEN.md, linked below the text. Every critical notice has one. */
  readonly about?: string;
  /** The run that it is about: a line below the text says where to read it. */
  readonly workflowId?: string;
  /** Id of the setup that it is about: its page is linked below the text. */
  readonly setup?: string;
  /** Its buttons are removed when this approval closes. */
  readonly approvalId?: string;
}

export interface Alarm {
  readonly desk: string;
  readonly text: string;
  /** What an alarm of this run had told is over. */
  readonly isOver?: true;
}

/**
 * Topics that people are woken for. Each has a section of the same name in docs/WOKEN.md, and every message
 * about it links there.
 */
export type WokenTopic =
  | HaltCause
  | 'alarm'
  | 'undecided'
  | 'routine-failed'
  | 'forged-row'
  | 'stuck-run'
  | 'earlier-build'
  | 'abandoned'
  | 'unwatched-account'
  | 'disk-full'
  | 'unwatched-go-live'
  | 'go-live-ended'
  | 'watched-on'
  | 'contract-ends';
