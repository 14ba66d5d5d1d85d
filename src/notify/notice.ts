/** What people are to be told, whatever the way. */

import type { Notice } from '../contracts/notice.js';

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
