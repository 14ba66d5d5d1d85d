/** The hours of a market that closes: breaks while things go badly, and another one in the quiet after it. */
import { MINUTE_MS } from '../../src/domain/civil-date.js';
import { SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { CALENDARS, withOwnHours } from '../../src/domain/sessions/trading-hours.js';
import type { InstrumentSessions } from '../../src/engine/config.js';

/** In the time of the market, which begins at 07:00 and goes 600 times faster than the wall's: a break lasts six seconds. */
const DAY = ['00:00-09:00', '10:00-12:00', '13:00-15:00', '16:00-18:00', '19:00-24:00'];
const HOURS = withOwnHours(CALENDARS['24x7'], {
  zone: 'UTC',
  hours: { mon: DAY, tue: ['00:00-24:00'], wed: ['00:00-24:00'] },
});

const NO_ENTRIES = { noEntriesBeforeCloseMs: 10 * MINUTE_MS, cancelsEntries: true };
const FLAT_BY_CLOSE = { flatBeforeCloseMs: 40 * MINUTE_MS };

/** In some of the runs, and in half of these nothing is held over the close; it takes nothing from what the seed draws. */
export const hoursOfSeed = (seed: number) => ({ hours: seed % 4 === 3, flatByClose: seed % 8 === 3 });

export const sessionsOf = (flatByClose: boolean): InstrumentSessions => ({
  calendar: marketCalendar(),
  ...NO_ENTRIES,
  ...(flatByClose ? FLAT_BY_CLOSE : {}),
});

export const marketCalendar = (): SessionCalendar => new SessionCalendar(HOURS, () => 0);

/** The venue's own clock is the wall's: whatever moment it asks for, it is told of the market's now. */
export class CalendarOfNow extends SessionCalendar {
  constructor(private readonly marketNowMs: () => number) {
    super(HOURS, () => 0);
  }

  override isOpen(): boolean {
    return super.isOpen(this.marketNowMs());
  }
}
