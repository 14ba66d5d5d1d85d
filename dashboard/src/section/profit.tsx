/** Profit by day as a calendar, by week and month as a table. */
import type { Results } from '../api/shapes.js';
import { cents, grouped, signed, tone, trimmed, utcDay } from '../format.js';
import { Empty } from '../view/panel.js';
import { type Column, SortedTable } from '../view/table.js';

type Period = Results['periods'][number];

const DAY_MS = 86_400_000;
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

interface CalendarProps {
  readonly results: Results;
  readonly back: number;
  readonly onBack: (months: number) => void;
}

export function Calendar({ results, back, onBack }: CalendarProps) {
  const { periods, fromDate, toDate, timezone } = results;
  // Dates are the desk's; UTC is only used to count days.
  const now = new Date(toDate);
  const monthAt = (months: number): number => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1);
  const first = monthAt(back);
  const next = monthAt(back - 1);
  const known = new Map(periods.map((one) => [one.date, one]));
  const month = utcDay(first).slice(0, 7);
  // Empty cells before the first of the month: weeks begin on Monday, which is day 1 in JavaScript.
  const before = (new Date(first).getUTCDay() + 6) % 7;
  const dates = Array.from({ length: (next - first) / DAY_MS }, (_, at) => utcDay(first + at * DAY_MS));
  const weeks: (string | null)[][] = [];
  const cells = [...Array<null>(before).fill(null), ...dates];
  while (cells.length > 0) weeks.push(cells.splice(0, WEEKDAYS.length));
  return (
    <>
      <div class="month">
        <button
          type="button"
          class="button small"
          disabled={utcDay(first) <= fromDate}
          onClick={() => onBack(back + 1)}
        >
          Earlier
        </button>
        <b aria-live="polite">{month}</b>
        <button type="button" class="button small" disabled={back === 0} onClick={() => onBack(back - 1)}>
          Later
        </button>
      </div>
      <table class="calendar">
        <caption class="unseen">
          Result of each day of {month}, {timezone}
        </caption>
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
                <Day key={name} date={week[place] ?? null} of={known.get(week[place] ?? '')} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Day({ date, of }: { readonly date: string | null; readonly of: Period | undefined }) {
  if (date === null) return <td />;
  const look = of === undefined ? '' : tone(rounded(of.net));
  return (
    <td class={`date ${look}`}>
      <span class="label">{Number(date.slice(8))}</span>
      {of !== undefined && (
        <>
          <b class={look} title={signed(trimmed(of.net))}>
            {short(of.net)}
          </b>
          <span class="label trips">
            {of.trips} {of.trips === 1 ? 'trip' : 'trips'}
          </span>
        </>
      )}
    </td>
  );
}

const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

const rounded = (net: string): string =>
  Number(net)
    .toFixed(2)
    .replace(/^-(0\.00)$/, '$1');

/** At most six characters, which fit a day of the calendar on a phone: +99.95, −9 999, +12.3K. */
function short(net: string): string {
  const size = Math.abs(Number(net));
  if (size < 99.995) return signed(rounded(net));
  if (size < 9_999.5) return signed(Number(net).toFixed(0));
  return `${net.startsWith('-') ? '\u2212' : '+'}${COMPACT.format(size)}`;
}

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
    cell: ({ trips, wins }) => `${((wins / trips) * 100).toFixed(1)} %`,
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
    cell: ({ date }) => <b>{by === 'week' ? date : date.slice(0, 7)}</b>,
    by: ({ date }) => date,
  };
  return (
    <SortedTable
      caption={`Result of each ${by}`}
      columns={[begins, ...COLUMNS]}
      rows={periods}
      keyOf={({ date }) => date}
    />
  );
}
