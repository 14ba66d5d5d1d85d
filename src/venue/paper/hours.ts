/** When the paper venue matches orders in an instrument: only while its market is open. */
import type { InstrumentId } from '../../domain/instrument.js';
import type { SessionCalendar } from '../../domain/sessions/session-calendar.js';

/** `utcMs`: market time in milliseconds since 1970; absent: now. */
export type PaperHours = (at: InstrumentId, utcMs?: number) => boolean;

export const ALWAYS: PaperHours = () => true;

/** `calendars`: by instrument id; absent: always open. */
export const paperHours =
  (calendars: readonly SessionCalendar[] | undefined, nowMs: () => number): PaperHours =>
  (at, utcMs = nowMs()) =>
    calendars?.[at]?.isOpen(utcMs) ?? true;
