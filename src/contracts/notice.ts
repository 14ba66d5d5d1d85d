/** Notices to people: each is sent once per fingerprint. */
import type { NOTICE_EVENTS } from '../desk/notify-schema.js';
import type { WokenTopic } from './woken.js';

export type NoticeSeverity = 'info' | 'warning' | 'critical';

/**
 * The desk file's `notify` names those that are sent. `approval` and `test` always go to Telegram, `mail-test` to mail.
 */
type NoticeEvent = (typeof NOTICE_EVENTS)[number] | 'approval' | 'test' | 'mail-test';

export interface NoticeButton {
  readonly text: string;
  /** Data that a tap sends; at most 64 bytes. */
  readonly data: string;
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
