import { DateTime } from 'luxon';
import { nominalTimesBetween } from '../desk/nominal-times.js';
import type { Desk, DeskRoutine } from '../desk/schema.js';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import { type DayNumber, dateText, timeOfDay, weekdayOf } from '../domain/civil-date.js';
import { counted } from '../domain/figure-text.js';
import { sessionOn, tradingHours } from '../domain/sessions/trading-hours.js';
import { readStatus } from '../trader/read-status.js';
import { clockOn, nextSessionDay, type SessionDay } from './next-trading-day.js';
import { type ReportContext, report } from './report.js';

const RUNS_MAX = 300;

/**
 * The plan for the next session: each market's hours, which strategies trade and at what size, which routines
 * run when.
 */
export const nextSession = report('The next session', NO_PARAMETERS, async (context) => {
  const { desk, marketMs } = context;
  const session = nextSessionDay(desk, marketMs);
  if (session === null) return 'no market of this desk trades in the next two weeks';
  const { day } = session;
  const parts = [...marketLines(desk, day), await strategiesLine(context), routinesLine(desk, session)];
  return `${weekdayOf(day)} ${dateText(day)}: ${parts.join('; ')}`;
});

function marketLines({ instruments }: Desk, day: DayNumber): readonly string[] {
  return instruments.map(({ symbol, sessions }) => {
    const hours = tradingHours(sessions);
    const session = sessionOn(hours, day);
    if (session === null) return `${symbol} closed`;
    const { opens, onTheEve, closes, closeMinute, early } = session;
    const { noEntriesBeforeCloseMinutes: noEntries, flatByCloseMinutes: flatBy } = sessions ?? {};
    return [
      `${symbol} ${opens}${onTheEve ? ' of the eve' : ''} to ${closes} ${hours.zone}${early ? ', an early close' : ''}`,
      ...(noEntries === undefined ? [] : [`no entries from ${timeOfDay(closeMinute - noEntries)}`]),
      ...(flatBy === undefined ? [] : [`flat by ${timeOfDay(closeMinute - flatBy)}`]),
    ].join(', ');
  });
}

async function strategiesLine({ desk, trader }: ReportContext): Promise<string> {
  const status = await readStatus({ trader }).catch(() => null);
  if (status === null) return 'the trader does not answer: whether its strategies are on is not known';
  const each = desk.strategies.map(({ name }) => {
    const traded = status.strategies.filter((one) => one.name === name);
    const off = traded.filter(({ enabled }) => !enabled).map(({ symbol }) => symbol);
    if (off.length === 0) return `${name} on`;
    return off.length === traded.length ? `${name} off` : `${name} on (off for ${off.join(', ')})`;
  });
  return `strategies ${each.join(', ')}, position size ${status.sizePct} %`;
}

/** Those that are due on the market's date: that of the desk may end in the middle of the session. */
function routinesLine({ routines, timezone }: Desk, { day, zones: [zone] }: SessionDay): string {
  const date = dateText(day);
  const from = DateTime.fromISO(date, { zone });
  const of = (routine: DeskRoutine) =>
    nominalTimesBetween(
      routine,
      timezone,
      from.toMillis() - 1,
      from.plus({ days: 1 }).toMillis() - 1,
      RUNS_MAX,
    );
  const due = routines
    .map((routine) => ({ title: routine.title, times: of(routine) }))
    .filter(({ times }) => times.length > 0)
    .toSorted((one, other) => (one.times[0] ?? 0) - (other.times[0] ?? 0))
    .map(({ title, times: [first = 0, ...more] }) => {
      const at = clockOn(date, DateTime.fromMillis(first, { zone: timezone }));
      return `${at} ${title}${more.length === 0 ? '' : ` and ${more.length} times more`}`;
    });
  const byTrades = routines.flatMap(({ title, everyTrades }) =>
    everyTrades === undefined ? [] : [`${title} after each ${counted(everyTrades, 'trade')}`],
  );
  return `routines ${[...due, ...byTrades].join(', ') || 'none'}`;
}
