import type { Analytics } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import type { Polled } from '../connection/use-polled.js';
import { grouped, signed, tone } from '../format.js';
import { CsvButton } from '../view/csv-button.js';
import { Empty, Panel } from '../view/panel.js';
import { Stat } from '../view/stat.js';

/** With fewer hours of equity than this a Sharpe ratio says nothing. */
const HOURS_MIN = 24;

export function Performance({
  api,
  analytics,
  days,
}: {
  readonly api: DeskApi;
  readonly analytics: Polled<Analytics>;
  readonly days: number;
}) {
  const { value } = analytics;
  return (
    <Panel
      title="The desk"
      area="section"
      aside={
        <>
          <span class="soft">last {days} days of market time</span> <CsvButton api={api} what="equity" />
        </>
      }
      problem={analytics.problem}
    >
      {value === null ? <Empty>Reading the ledger…</Empty> : <Figures value={value} />}
    </Panel>
  );
}

function Figures({ value }: { readonly value: Analytics }) {
  const percent = (figure: number | null): string =>
    figure === null ? '–' : `${grouped(figure.toFixed(2))} %`;
  const enough = value.hours >= HOURS_MIN;
  return (
    <>
      <dl class="stats">
        <Stat
          label={`Result after fees, ${value.currency}`}
          value={signed(value.net)}
          look={tone(value.net)}
        />
        <Stat label="Return" value={percent(value.returnPct)} />
        <Stat label="Round trips" value={String(value.trades)} />
        <Stat label="Won" value={percent(value.winRatePct)} />
        <Stat label="Profit factor" value={value.profitFactor?.toString() ?? '–'} />
        <Stat
          label="Sharpe ratio"
          value={enough && value.sharpe !== null ? grouped(String(value.sharpe)) : '–'}
        />
        <Stat label="Largest drawdown" value={percent(value.maxDrawdownPct)} />
        <Stat label="Best round trip" value={value.best === null ? '–' : signed(value.best)} />
        <Stat label="Worst round trip" value={value.worst === null ? '–' : signed(value.worst)} />
        <Stat label={`Fees, ${value.currency}`} value={grouped(value.fees)} />
      </dl>
      {!enough && (
        <p class="soft">
          Only {value.hours} hours of equity so far: no Sharpe ratio before {HOURS_MIN}, and return and
          drawdown say little.
        </p>
      )}
    </>
  );
}
