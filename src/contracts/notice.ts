/** Notices to people: each is sent once per fingerprint. */
import { isShippedKind, type ShippedKind } from '../desk/incident-schema.js';
import type { NOTICE_EVENTS } from '../desk/notify-schema.js';
import type { HaltCause } from '../domain/mode.js';

export type NoticeSeverity = 'info' | 'warning' | 'critical';

/**
 * The desk file's `notify` names those that are sent. `approval` and `test` always go to Telegram, `mail-test` to mail.
 */
type NoticeEvent = (typeof NOTICE_EVENTS)[number] | 'approval' | 'test' | 'mail-test';

export interface NoticeButton {
  readonly text: string;
  /** Data that a tap sends; at most 64 bytes. */
  readonly data: string;
  /** Agrees to what the notice says, and is left out where the notice can't say all of it. */
  readonly agrees?: true;
}

export interface Notice {
  readonly desk: string;
  readonly event: NoticeEvent;
  readonly severity: NoticeSeverity;
  /** One line. */
  readonly title: string;
  readonly text: string;
  /** The same fingerprint again is the same notice, which is sent once. */
  readonly fingerprint: string;
  /** One row of buttons below the message. */
  readonly buttons?: readonly NoticeButton[];
  /** People in the desk file with one of these roles are told in their own chats as well as in the desk's. */
  readonly audience?: readonly string[];
  /** Its section in docs/WOKEN.md, linked below the text. Every critical notice has one. */
  readonly about?: WokenTopic;
  /** The run that it is about: the text below says where to read it. */
  readonly workflowId?: string;
  /** Id of the setup that it is about: its page is linked below the text. */
  readonly setup?: string;
  /** Its buttons are removed when this approval is closed. */
  readonly approvalId?: string;
}

export interface Alarm {
  readonly desk: string;
  readonly text: string;
}

/**
 * The topics that people are woken for. Each has a section of the same name in docs/WOKEN.md, to which each message
 * about it links.
 */
export type WokenTopic =
  | HaltCause
  | ShippedKind
  | 'own-incident'
  | 'alarm'
  | 'undecided'
  | 'routine-failed'
  | 'forged-row'
  | 'stuck-run'
  | 'earlier-build'
  | 'abandoned'
  | 'unwatched-go-live'
  | 'watched-on'
  | 'contract-ends';

export const topicOfIncident = (kind: string): WokenTopic => (isShippedKind(kind) ? kind : 'own-incident');
