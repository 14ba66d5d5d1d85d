/** Profit by day as a calendar, by week and month as a table. */
import type { Results } from '../api/shapes.js';
import { grouped, isCoin, placed, signed, tone, trimmed, utcDay } from '../format.js';
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
  const { periods, fromDate, toDate, timezone, currency } = results;
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
                <Day
                  key={name}
                  date={week[place] ?? null}
                  of={known.get(week[place] ?? '')}
                  currency={currency}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

interface DayProps {
  readonly date: string | null;
  readonly of: Period | undefined;
  readonly currency: string | null;
}

function Day({ date, of, currency }: DayProps) {
  if (date === null) return <td />;
  const [figure, text] = of === undefined ? ['', ''] : short(of.net, currency);
  const look = of === undefined ? '' : tone(figure);
  return (
    <td class={`date ${look}`}>
      <span class="label">{Number(date.slice(8))}</span>
      {of !== undefined && (
        <>
          <b class={look} title={signed(trimmed(of.net))}>
            {text}
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

/** True if cents would hide amounts: for a coin, or (null) a currency that is not known. */
export const isFine = (currency: string | null): boolean => currency === null || isCoin(currency);

/**
 * A figure and its text, in at most six characters, which fit a day of the calendar on a phone: +99.95,
 * −9 999, +12.3K; if cents would hide the result, also +0.012 and +123µ.
 */
function short(decimal: string, currency: string | null): readonly [string, string] {
  const net = Number(decimal);
  const size = Math.abs(net);
  if (isFine(currency) && size < 0.0099995) {
    const millionths = (net * 1_000_000).toFixed(size < 0.00009995 ? 1 : 0);
    // No room for a separator.
    return [millionths, `${signed(millionths).replace('\u202f', '')}µ`];
  }
  if (!isFine(currency) && size < 99.995) {
    const figure = placed(decimal, currency);
    return [figure, signed(figure)];
  }
  if (size < 9_999.5) {
    const places = isFine(currency) && size < 0.9995 ? 3 : size < 99.995 ? 2 : 0;
    const figure = net.toFixed(places);
    return [figure, signed(figure)];
  }
  const compact = COMPACT.format(net);
  return [compact, signed(compact.slice(0, -1)) + compact.slice(-1)];
}

const columnsIn = (currency: string | null): readonly Column<Period>[] => [
  {
    title: 'Result',
    cell: ({ net }) => {
      const result = placed(net, currency);
      return <span class={tone(result)}>{signed(result)}</span>;
    },
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
  {
    title: 'Fees',
    cell: ({ fees }) => grouped(placed(fees, currency)),
    by: ({ fees }) => Number(fees),
    number: true,
  },
];

interface PeriodsProps {
  readonly by: 'week' | 'month';
  readonly periods: readonly Period[];
  readonly currency: string | null;
}

export function Periods({ by, periods, currency }: PeriodsProps) {
  if (periods.length === 0) return <Empty>No position was closed in this time.</Empty>;
  const begins: Column<Period> = {
    title: by === 'week' ? 'Week from' : 'Month',
    cell: ({ date }) => <b>{by === 'week' ? date : date.slice(0, 7)}</b>,
    by: ({ date }) => date,
  };
  return (
    <SortedTable
      blocks
      caption={`Result of each ${by}`}
      columns={[begins, ...columnsIn(currency)]}
      rows={periods}
      keyOf={({ date }) => date}
    />
  );
}
