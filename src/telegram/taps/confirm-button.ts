/** Buttons that ask "really?": what a tap carries, and how long it is valid. */
import type { NoticeButton } from '../../contracts/notice.js';

export type ConfirmVerb = 'closeall' | 'resume' | 'leave';

export interface ConfirmButton {
  readonly verb: ConfirmVerb;
  /** For resume, the first digits of the halt id; else `-`. */
  readonly reference: string;
  readonly askedMs: number;
  /** For resume, the position size in percent; null leaves it as it is. */
  readonly sizePct: number | null;
}

const REFERENCE_LENGTH = 16;

export function confirmButtons(
  verb: ConfirmVerb,
  reference: string,
  nowMs: number,
  label: string,
  sizePct: number | null = null,
): readonly NoticeButton[] {
  const data = (which: ConfirmVerb) =>
    `c:${which}:${reference.slice(0, REFERENCE_LENGTH)}:${Math.floor(nowMs / 1_000).toString(36)}:${sizePct ?? '-'}`;
  return [
    { text: label, data: data(verb) },
    { text: 'Leave it', data: data('leave') },
  ];
}

/** Null for anything else: the data of a tap comes from outside. */
export function parseConfirmButton(data: string): ConfirmButton | null {
  const match = /^c:(closeall|resume|leave):([0-9a-f]{16}|-):([0-9a-z]{1,9}):(100|[1-9][0-9]?|-)$/.exec(data);
  if (!match) return null;
  return {
    verb: match[1] as ConfirmVerb,
    reference: match[2] ?? '-',
    askedMs: Number.parseInt(match[3] ?? '0', 36) * 1_000,
    sizePct: match[4] === undefined || match[4] === '-' ? null : Number(match[4]),
  };
}
