/** Profit by day as a calendar, by week and month as a table. */
import { useState } from 'preact/hooks';
import type { Results } from '../api/shapes.js';
import { cents, day, grouped, signed, tone } from '../format.js';
import { Empty } from '../view/panel.js';
import { type Column, SortedTable } from '../view/table.js';

type Period = Results['periods'][number];

const DAY_MS = 86_400_000;
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

export function Calendar({ days, nowMs }: { readonly days: readonly Period[]; readonly nowMs: number }) {
  const [back, setBack] = useState(0);
  const now = new Date(nowMs);
  const first = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1);
  const next = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back + 1, 1);
  const known = new Map(days.map((one) => [one.startMs, one]));
  const month = day(first).slice(0, 7);
  // Monday is the first of a week; it is day 1 of JavaScript's.
  const before = (new Date(first).getUTCDay() + 6) % 7;
  const dates = Array.from({ length: (next - first) / DAY_MS }, (_, at) => first + at * DAY_MS);
  const weeks: (number | null)[][] = [];
  const cells = [...Array<null>(before).fill(null), ...dates];
  while (cells.length > 0) weeks.push(cells.splice(0, WEEKDAYS.length));
  return (
    <>
      <div class="month">
        <button type="button" class="button small" onClick={() => setBack(back + 1)}>
          Earlier
        </button>
        <b aria-live="polite">{month}</b>
        <button type="button" class="button small" disabled={back === 0} onClick={() => setBack(back - 1)}>
          Later
        </button>
      </div>
      <table class="calendar">
        <caption class="unseen">Result of each day of {month}, UTC</caption>
        <thead>
          <tr>
            {WEEKDAYS.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week, at) => (
            <tr key={at}>
              {WEEKDAYS.map((name, place) => (
                <Day key={name} atMs={week[place] ?? null} of={known.get(week[place] ?? -1)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Day({ atMs, of }: { readonly atMs: number | null; readonly of: Period | undefined }) {
  if (atMs === null) return <td />;
  const look = of === undefined ? '' : tone(cents(of.net));
  return (
    <td class={`date ${look}`}>
      <span class="label">{new Date(atMs).getUTCDate()}</span>
      {of !== undefined && (
        <>
          <b class={look}>{signed(short(of.net))}</b>
          <span class="label trips">
            {of.trips} {of.trips === 1 ? 'trip' : 'trips'}
          </span>
        </>
      )}
    </td>
  );
}

/** To fit into a day of the calendar: from a hundred on without places after the point. */
const short = (net: string): string => (/^-?\d{3,}/.test(net) ? (net.split('.')[0] ?? net) : cents(net));

const COLUMNS: readonly Column<Period>[] = [
  {
    title: 'Result',
    cell: ({ net }) => <span class={tone(cents(net))}>{signed(cents(net))}</span>,
    by: ({ net }) => Number(net),
    number: true,
  },
  {
    title: 'Round trips',
    cell: ({ trips }) => grouped(String(trips)),
    by: ({ trips }) => trips,
    number: true,
  },
  {
    title: 'Won',
    cell: ({ trips, wins }) => `${((wins / trips) * 100).toFixed(1)}%`,
    by: ({ trips, wins }) => wins / trips,
    number: true,
  },
  { title: 'Fees', cell: ({ fees }) => grouped(cents(fees)), by: ({ fees }) => Number(fees), number: true },
];

interface PeriodsProps {
  readonly by: 'week' | 'month';
  readonly periods: readonly Period[];
}

export function Periods({ by, periods }: PeriodsProps) {
  if (periods.length === 0) return <Empty>No position was closed in this time.</Empty>;
  const begins: Column<Period> = {
    title: by === 'week' ? 'Week from' : 'Month',
    cell: ({ startMs }) => <b>{by === 'week' ? day(startMs) : day(startMs).slice(0, 7)}</b>,
    by: ({ startMs }) => startMs,
  };
  return (
    <SortedTable
      caption={`Result of each ${by}`}
      columns={[begins, ...COLUMNS]}
      rows={periods}
      keyOf={({ startMs }) => String(startMs)}
    />
  );
}
