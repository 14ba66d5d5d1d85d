import { useState } from 'preact/hooks';
import type { Analytics, StrategyShown } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { type Polled, usePolled } from '../connection/use-polled.js';
import { CLOCK, day, grouped, minuteOfDay, placed, signed, tone } from '../format.js';
import { ActionNotice, useAction } from '../view/action.js';
import { CsvButton } from '../view/csv-button.js';
import { Stat } from '../view/figures.js';
import { Empty, Panel, Stale } from '../view/panel.js';
import { ReasonDialog } from '../view/reason-dialog.js';
import { type Column, Table } from '../view/table.js';
import { strategyNow } from '../view/words.js';

interface StrategiesProps {
  readonly api: DeskApi;
  readonly mayOperate: boolean;
}

const DAYS = 30;

export function Strategies({ api, mayOperate }: StrategiesProps) {
  const [looked, setLooked] = useState(0);
  const strategies = usePolled(() => api.strategies(), 3_000, looked);
  const analytics = usePolled(() => api.analytics(DAYS), 30_000, 'analytics');
  const [asked, setAsked] = useState<StrategyShown | null>(null);
  const action = useAction();
  const list = strategies.value?.strategies ?? [];
  const toggle = async (strategy: StrategyShown, reason: string): Promise<void> => {
    setAsked(null);
    await action.run(async () => ({
      text: (await api.toggle(strategy.name, !strategy.enabled, reason)).detail,
    }));
    setLooked((before) => before + 1);
  };
  return (
    <div class="sections">
      <ActionNotice action={action} />
      {list.length > 0 && <Stale problem={strategies.problem} />}
      {list.length === 0 && (
        <Panel title="Strategies" area="section" problem={strategies.problem}>
          <Empty>{strategies.value === null ? 'Asking the trader…' : 'This desk has no strategy.'}</Empty>
        </Panel>
      )}
      {list.map((strategy) => (
        <StrategyPanel
          key={strategy.name}
          strategy={strategy}
          currency={analytics.value?.currency ?? ''}
          figures={analytics.value?.byStrategy.find((one) => one.strategy === strategy.name) ?? null}
          mayOperate={mayOperate}
          busy={action.busy}
          onToggle={() => setAsked(strategy)}
        />
      ))}
      <Performance api={api} analytics={analytics} days={DAYS} />
      {asked !== null && (
        <ReasonDialog
          title={`Switch ${asked.name} ${asked.enabled ? 'off' : 'on'}?`}
          label="Reason, kept in the journal and the audit trail"
          go={asked.enabled ? 'Switch off' : 'Switch on'}
          onGo={(reason) => void toggle(asked, reason)}
          onCancel={() => setAsked(null)}
        >
          <p>
            {asked.enabled
              ? 'It opens nothing new and its resting entries are cancelled. Its positions keep their stops and exits.'
              : 'It may enter positions again, within the limits.'}
          </p>
        </ReasonDialog>
      )}
    </div>
  );
}

interface StrategyPanelProps {
  readonly strategy: StrategyShown;
  /** Empty while the ledger is away. */
  readonly currency: string;
  readonly figures: Analytics['byStrategy'][number] | null;
  readonly mayOperate: boolean;
  readonly busy: boolean;
  readonly onToggle: () => void;
}

function StrategyPanel({ strategy, currency, figures, mayOperate, busy, onToggle }: StrategyPanelProps) {
  const { name, enabled, trades, wins, winRatePct, realised, symbols } = strategy;
  const off = symbols.find((slot) => slot.off !== null)?.off ?? null;
  const toggle = (
    <button
      type="button"
      class="button small"
      onClick={onToggle}
      disabled={busy || !mayOperate}
      title={mayOperate ? '' : 'This takes the role operator'}
    >
      Switch {enabled ? 'off' : 'on'}
    </button>
  );
  return (
    <Panel title={name} area="section" aside={toggle}>
      <p class="run-line">
        <span class={`lamp ${enabled ? 'go' : 'caution'}`}>{enabled ? 'On' : 'Off'}</span>
        {off !== null && (
          <span>
            {off.automatic ? 'by itself' : `by ${off.by}`}: {off.reason}
            {off.nextReviewMarketMs !== null &&
              `; looked at again ${day(off.nextReviewMarketMs)} ${minuteOfDay(off.nextReviewMarketMs)} ${CLOCK}, market time`}
          </span>
        )}
      </p>
      <dl class="stats">
        <Stat label="Round trips" value={String(trades)} />
        <Stat label="Won" value={winRatePct === null ? '–' : `${winRatePct} % (${wins})`} />
        <Stat
          label={currency === '' ? 'Result after fees' : `Result after fees, ${currency}`}
          value={signed(placed(realised, currency))}
          look={tone(placed(realised, currency))}
        />
        <Stat label="Profit factor" value={figures?.profitFactor?.toString() ?? '–'} />
        <Stat label="Average win" value={figures?.averageWin ? signed(figures.averageWin) : '–'} />
        <Stat label="Average loss" value={figures?.averageLoss ? grouped(figures.averageLoss) : '–'} />
        <Stat
          label="Losses in a row, longest"
          value={figures === null ? '–' : String(figures.longestLosingStreak)}
        />
        <Stat label="Losses in a row, now" value={String(symbols[0]?.lossesInARow ?? 0)} />
      </dl>
      <Table
        blocks
        caption={`${name} by instrument`}
        columns={slotsIn(currency)}
        rows={symbols}
        keyOf={({ symbol }) => symbol}
      />
    </Panel>
  );
}

const slotsIn = (currency: string): readonly Column<StrategyShown['symbols'][number]>[] => [
  { title: 'Symbol', cell: ({ symbol }) => <b>{symbol}</b> },
  { title: 'Now', cell: strategyNow, long: true },
  { title: 'Market regime', cell: ({ regime }) => regime, wide: true },
  { title: 'Round trips', cell: ({ trades }) => trades, number: true },
  { title: 'Won', cell: ({ wins }) => wins, number: true },
  {
    title: 'Result',
    cell: ({ realised }) => {
      const result = placed(realised, currency);
      return <span class={tone(result)}>{signed(result)}</span>;
    },
    number: true,
  },
];

/** With fewer hours of equity than this a Sharpe ratio says nothing. */
const HOURS_MIN = 24;

function Performance({
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
      {value === null ? <Empty>Reading the ledger…</Empty> : <PerformanceFigures value={value} />}
    </Panel>
  );
}

function PerformanceFigures({ value }: { readonly value: Analytics }) {
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
