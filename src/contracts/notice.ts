/** What people are told: each notice once a fingerprint. */
import type { NOTICE_EVENTS } from '../desk/notify-schema.js';
import type { WokenTopic } from './woken.js';

export type NoticeSeverity = 'info' | 'warning' | 'critical';

/** The desk file's `notify` names those that are sent. `approval` and `test` always are on Telegram, `mail-test` by mail. */
export type NoticeEvent = (typeof NOTICE_EVENTS)[number] | 'approval' | 'test' | 'mail-test';

export interface NoticeButton {
  readonly text: string;
  /** What the tap says; at most 64 bytes. */
  readonly data: string;
}

export interface Notice {
  readonly desk: string;
  readonly event: NoticeEvent;
  readonly severity: NoticeSeverity;
  /** One line. */
  readonly title: string;
  readonly text: string;
  /** The same fingerprint again is the same notice: it is told once. */
  readonly fingerprint: string;
  /** One row of buttons below the message. */
  readonly buttons?: readonly NoticeButton[];
  /** People of the desk file with one of these roles are told in their own chats as well as in the desk's. */
  readonly audience?: readonly string[];
  /** Its section in docs/WOKEN.md, which is linked below the text. Whatever is critical has one. */
  readonly about?: WokenTopic;
  /** The run that it is about: where a person reads it is said below the text. */
  readonly workflowId?: string;
  /** The setup that it is about, by its id: its page is linked below the text. */
  readonly setup?: string;
  /** Its buttons go away when this approval is closed. */
  readonly approvalId?: string;
}

export interface Alarm {
  readonly desk: string;
  readonly text: string;
}
