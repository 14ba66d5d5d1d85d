import type { Analytics } from '../connection/desk-api.js';
import type { Polled } from '../connection/use-polled.js';
import { grouped, signed, tone } from '../format.js';
import { Empty, Panel } from '../view/panel.js';
import { Stat } from './strategies.js';

/** Fewer hours of equity than this and a Sharpe ratio says nothing. */
const HOURS_MIN = 24;

export function Performance({
  analytics,
  days,
}: {
  readonly analytics: Polled<Analytics>;
  readonly days: number;
}) {
  const { value } = analytics;
  return (
    <Panel
      title="The desk"
      area="section"
      aside={<span class="soft">last {days} days of market time</span>}
      problem={analytics.problem}
    >
      {value === null ? <Empty>Reading the ledger…</Empty> : <Figures value={value} />}
    </Panel>
  );
}

function Figures({ value }: { readonly value: Analytics }) {
  const percent = (figure: number | null): string => (figure === null ? '–' : `${grouped(String(figure))}%`);
  return (
    <>
      <dl class="stats">
        <Stat label="Result after fees" value={signed(value.net)} look={tone(value.net)} />
        <Stat label="Return" value={percent(value.returnPct)} />
        <Stat label="Round trips" value={String(value.trades)} />
        <Stat label="Won" value={percent(value.winRatePct)} />
        <Stat label="Profit factor" value={value.profitFactor?.toString() ?? '–'} />
        <Stat label="Sharpe" value={value.sharpe?.toString() ?? '–'} />
        <Stat label="Largest fall" value={percent(value.maxDrawdownPct)} />
        <Stat label="Best" value={value.best === null ? '–' : signed(value.best)} />
        <Stat label="Worst" value={value.worst === null ? '–' : signed(value.worst)} />
        <Stat label="Fees" value={grouped(value.fees)} />
      </dl>
      {value.hours < HOURS_MIN && (
        <p class="soft">Only {value.hours} hours of equity so far: return, Sharpe and fall say little.</p>
      )}
    </>
  );
}
