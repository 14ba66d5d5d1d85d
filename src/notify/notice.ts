/** What people are to be told, whatever the way. */
import type { NOTICE_EVENTS } from '../desk/notify-schema.js';

export type NoticeSeverity = 'info' | 'warning' | 'critical';

/** The desk file's `notify.telegram.events` names those that are sent; `approval` and `test` always are. */
export type NoticeEvent = (typeof NOTICE_EVENTS)[number] | 'approval' | 'test';

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
  /** The run that it is about: where a person reads it is said below the text. */
  readonly workflowId?: string;
  /** Its buttons go away when this approval is closed. */
  readonly approvalId?: string;
}

const TITLE_LENGTH_MAX = 200;
/** A message of Telegram holds 4096 characters, title and mark included. */
export const TEXT_LENGTH_MAX = 3_500;
const FINGERPRINT_LENGTH_MAX = 300;
const BUTTON_BYTES_MAX = 64;

/** Cut to what every way of telling can carry. Throws where a button or the fingerprint can't be carried at all. */
export function fittingNotice(notice: Notice): Notice {
  if (notice.fingerprint === '' || notice.fingerprint.length > FINGERPRINT_LENGTH_MAX) {
    throw new Error(`a fingerprint has 1 to ${FINGERPRINT_LENGTH_MAX} characters`);
  }
  for (const { data } of notice.buttons ?? []) {
    if (Buffer.byteLength(data) > BUTTON_BYTES_MAX)
      throw new Error(`a button carries ${BUTTON_BYTES_MAX} bytes: ${data}`);
  }
  return {
    ...notice,
    title: cut(notice.title.replace(/\s+/g, ' ').trim() || '(no title)', TITLE_LENGTH_MAX),
    text: cut(notice.text.trim(), TEXT_LENGTH_MAX),
  };
}

function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
}
