import { useState } from 'preact/hooks';
import type { Results as Answer, ResultsQuery, RoundTrip } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { CLOCK, dayAndMinute, grouped, lasted, placed, priceText, signed, tone, trimmed } from '../format.js';
import { Stat } from '../view/figures.js';
import { Empty, Panel } from '../view/panel.js';
import { type Column, SortedTable } from '../view/table.js';
import { Kpis } from './kpis.js';
import { Calendar, isFine, Periods } from './profit.js';
import { ProfitChart } from './profit-chart.js';

const REASONS: Readonly<Record<string, string>> = {
  exit: 'exit',
  protective: 'stop',
  close: 'closed',
  foreign: 'by hand',
};

const columnsIn = (currency: string | null): readonly Column<RoundTrip>[] => [
  {
    title: `Closed, ${CLOCK}`,
    cell: ({ closedMs }) => dayAndMinute(closedMs),
    by: ({ closedMs }) => closedMs,
  },
  {
    title: `Opened, ${CLOCK}`,
    cell: ({ openedMs }) => dayAndMinute(openedMs),
    by: ({ openedMs }) => openedMs,
    minor: true,
  },
  { title: 'Symbol', cell: ({ symbol }) => <b>{symbol}</b>, by: ({ symbol }) => symbol },
  { title: 'Side', cell: ({ side }) => side, by: ({ side }) => side },
  { title: 'Strategy', cell: ({ strategy }) => strategy, by: ({ strategy }) => strategy, minor: true },
  {
    title: 'Quantity',
    cell: ({ quantity }) => grouped(quantity),
    by: ({ quantity }) => Number(quantity),
    number: true,
    minor: true,
  },
  {
    title: 'Entry',
    cell: ({ entry, priceDigits }) => priceText(Number(entry), priceDigits),
    by: ({ entry }) => Number(entry),
    number: true,
  },
  {
    title: 'Exit',
    cell: ({ exit, priceDigits }) => priceText(Number(exit), priceDigits),
    by: ({ exit }) => Number(exit),
    number: true,
  },
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
    title: '%',
    cell: ({ netPct }) => signed(netPct.toFixed(2)),
    by: ({ netPct }) => netPct,
    number: true,
  },
  {
    title: 'R',
    cell: ({ r }) => (r === null ? '–' : signed(r.toFixed(2))),
    by: ({ r }) => r ?? Number.NEGATIVE_INFINITY,
    number: true,
  },
  { title: 'Why', cell: ({ reason }) => REASONS[reason] ?? reason, by: ({ reason }) => reason },
  {
    title: 'Lasted',
    cell: ({ openedMs, closedMs }) => lasted(closedMs - openedMs),
    by: ({ openedMs, closedMs }) => closedMs - openedMs,
    number: true,
  },
  {
    title: 'Fees',
    cell: ({ fees }) => grouped(trimmed(fees)),
    by: ({ fees }) => Number(fees),
    number: true,
    minor: true,
  },
];

const DAYS = [
  [7, 'Last week'],
  [30, 'Last 30 days'],
  [90, 'Last 90 days'],
  [365, 'Last year'],
  [3650, 'All'],
] as const;

/** More bars than this don't fit on a phone. */
const CHARTED_DAYS_MAX = 90;

const BY = [
  ['day', 'Day'],
  ['week', 'Week'],
  ['month', 'Month'],
] as const;

type Asked = Required<Pick<ResultsQuery, 'days' | 'by'>> & {
  readonly symbol: string;
  readonly strategy: string;
};

const FIRST: Asked = { days: 30, by: 'day', symbol: '', strategy: '' };
const LOOK_MS = 15_000;

export function Results({ api }: { readonly api: DeskApi }) {
  const [asked, setAsked] = useState<Asked>(FIRST);
  const [monthsBack, setMonthsBack] = useState(0);
  const key = JSON.stringify(asked);
  const results = usePolled(() => api.results(asked), LOOK_MS, key);
  const known = usePolled(() => api.results({ ...FIRST, days: 3650 }), 60_000, 'known');
  // Sums of the previous request would be read as those of the new period.
  const value = results.of === key ? results.value : null;
  const of = (name: 'symbol' | 'strategy'): readonly string[] => [
    ...new Set([asked[name], ...(known.value?.roundTrips ?? []).map((trip) => trip[name])].filter(Boolean)),
  ];
  const set = (name: keyof Asked) => (event: { readonly currentTarget: { readonly value: string } }) => {
    const chosen = event.currentTarget.value;
    if (name === 'days') setMonthsBack(0);
    setAsked({ ...asked, [name]: name === 'days' ? Number(chosen) : chosen });
  };
  return (
    <div class="sections">
      <Kpis api={api} />
      <Panel
        title="Profit"
        area="section"
        problem={results.problem}
        aside={
          <fieldset class="tabs" aria-label="Profit by">
            {BY.map(([by, name]) => (
              <button
                key={by}
                type="button"
                class="tab"
                aria-pressed={asked.by === by}
                onClick={() => setAsked({ ...asked, by })}
              >
                {name}
              </button>
            ))}
          </fieldset>
        }
      >
        <form class="filters" onSubmit={(event) => event.preventDefault()}>
          <label>
            Closed
            <select value={String(asked.days)} onChange={set('days')}>
              {DAYS.map(([days, name]) => (
                <option key={days} value={days}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <Choice label="Symbol" value={asked.symbol} of={of('symbol')} onChange={set('symbol')} />
          <Choice label="Strategy" value={asked.strategy} of={of('strategy')} onChange={set('strategy')} />
        </form>
        {value === null ? (
          <Empty>Reading the ledger…</Empty>
        ) : (
          <Profit results={value} days={asked.days} by={asked.by} back={monthsBack} onBack={setMonthsBack} />
        )}
      </Panel>
      <Panel
        title="Round trips"
        area="section"
        aside={value !== null && <span class="soft">{counted(value)}</span>}
      >
        {value === null || value.roundTrips.length === 0 ? (
          <Empty>
            {value === null
              ? 'Reading the ledger…'
              : asked.symbol + asked.strategy === ''
                ? 'No position was closed in this time.'
                : 'No round trip fits.'}
          </Empty>
        ) : (
          <SortedTable
            blocks
            caption="Round trips, sortable by heading"
            columns={columnsIn(value.currency)}
            rows={value.roundTrips}
            keyOf={({ id }) => id}
          />
        )}
      </Panel>
    </div>
  );
}

function counted({ total, roundTrips, truncated, currency }: Answer): string {
  const all = grouped(String(total.trips));
  return `${truncated ? `newest ${grouped(String(roundTrips.length))} of ${all}` : all}, in ${currency ?? '–'}`;
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly of: readonly string[];
  readonly onChange: (event: { readonly currentTarget: { readonly value: string } }) => void;
}

function Choice({ label, value, of, onChange }: ChoiceProps) {
  return (
    <label>
      {label}
      <select value={value} onChange={onChange}>
        <option value="">all</option>
        {of.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ProfitProps {
  readonly results: Answer;
  readonly days: number;
  readonly by: Asked['by'];
  /** How many months back the calendar is. */
  readonly back: number;
  readonly onBack: (months: number) => void;
}

function Profit({ results, days, by, back, onBack }: ProfitProps) {
  const { total, periods, currency, timezone, dayBoundary } = results;
  const result = placed(total.net, currency);
  const won = total.trips === 0 ? '–' : `${((total.wins / total.trips) * 100).toFixed(1)} %`;
  return (
    <>
      <dl class="stats">
        <Stat label={`Result after fees, ${currency ?? ''}`} value={signed(result)} look={tone(result)} />
        <Stat label="Round trips" value={grouped(String(total.trips))} />
        <Stat label="Won" value={won} />
        <Stat label={`Fees, ${currency ?? ''}`} value={grouped(placed(total.fees, currency))} />
      </dl>
      {by === 'day' && days <= CHARTED_DAYS_MAX && <ProfitChart results={results} days={days} />}
      {by === 'day' ? (
        <Calendar results={results} back={back} onBack={onBack} />
      ) : (
        <Periods by={by} periods={periods} currency={currency} />
      )}
      <p class="soft">
        Days begin at {dayBoundary}, {timezone}.{by === 'day' && isFine(currency) && ' µ: millionths.'}
      </p>
    </>
  );
}
