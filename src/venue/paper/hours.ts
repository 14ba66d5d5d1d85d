/** When the paper venue matches orders in an instrument: while its market is open, and never in between. */
import type { InstrumentId } from '../../domain/instrument.js';
import type { SessionCalendar } from '../../domain/sessions/session-calendar.js';

/** `utcMs`: market time; left out: now. */
export type PaperHours = (at: InstrumentId, utcMs?: number) => boolean;

export const ALWAYS: PaperHours = () => true;

/** By instrument id; left out: always open. */
export const paperHours =
  (calendars: readonly SessionCalendar[] | undefined, nowMs: () => number): PaperHours =>
  (at, utcMs = nowMs()) =>
    calendars?.[at]?.isOpen(utcMs) ?? true;
