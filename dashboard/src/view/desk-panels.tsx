/** The panels of the desk itself. */
import type { LiveState, ResumeDecided, Trade, TraderStatus } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { CLOCK, day, timeOfDay } from '../format.js';
import { EquityPanel } from './equity-panel.js';
import { ErrorLog } from './error-log.js';
import { Figures, Notes } from './figures.js';
import { Fills } from './fills.js';
import { SetupLink } from './links.js';
import { Orders } from './orders.js';
import { Empty, Panel } from './panel.js';
import { Positions } from './positions.js';
import { PricePanel } from './price-panel.js';
import { Processes } from './processes.js';
import { Routine, Schedules } from './routine.js';
import { type Column, Table } from './table.js';
import { usePrices } from './use-desk.js';
import { Why } from './why.js';
import { readable } from './words.js';

const PRICE_HEIGHT_PX = 300;
const EQUITY_HEIGHT_PX = 318;
const ROUTINES_SHOWN = 6;
const NO_TRADES: readonly Trade[] = [];

interface DeskPanelsProps {
  readonly api: DeskApi;
  readonly state: LiveState;
  readonly status: TraderStatus;
  readonly isKnown: boolean;
  readonly decided: readonly ResumeDecided[];
  readonly symbols: readonly string[];
  readonly symbol: string;
  readonly onSymbol: (symbol: string) => void;
  readonly mayStop: boolean;
}

export function DeskPanels({
  api,
  state,
  status,
  isKnown,
  decided,
  symbols,
  symbol,
  onSymbol,
  mayStop,
}: DeskPanelsProps) {
  // The ledger lags slightly behind the trader: it is read at every fill and again soon after.
  const trades = usePolled(() => api.trades(), 4_000, status.fills);
  const equity = usePolled(() => api.equity(), 30_000, 'equity');
  const runs = usePolled(() => api.routines(ROUTINES_SHOWN), 5_000, status.mode);
  const schedules = usePolled(() => api.schedules(), 30_000, 'schedules');
  const { candles, isLoading, lines, digits } = usePrices(api, symbol, state);
  const marked = usePolled(() => api.tradesOf(symbol), 4_000, `${symbol} ${status.fills}`);
  return (
    <>
      <Figures figures={status.figures} isCurrent={isKnown} />
      <div class="grid">
        <div class="main-column">
          <PricePanel
            status={status}
            symbols={symbols}
            symbol={symbol}
            onSymbol={onSymbol}
            candles={candles}
            isLoading={isLoading}
            lines={lines}
            digits={digits}
            trades={marked.value ?? NO_TRADES}
            height={PRICE_HEIGHT_PX}
          />
          <EquityPanel status={status} equity={equity} height={EQUITY_HEIGHT_PX} />
          <Positions
            api={api}
            mayClose={mayStop}
            positions={status.positions}
            notes={status.notes}
            currency={status.currency}
          />
          <Orders
            api={api}
            orders={status.orders}
            waiting={status.waitingEntries ?? []}
            mayCancel={mayStop}
          />
          <Activity activity={status.activity} />
          <Fills api={api} trades={trades} currency={status.currency} />
        </div>
        <div class="side-column">
          <Why status={status} decided={decided} reachable={state.trader.reachable} />
          <SetupsPanel api={api} />
          <ErrorLog api={api} />
          <Routine runs={runs} />
          <Schedules schedules={schedules} />
          <Limits risk={status.risk} />
          {status.notes.some(({ place }) => place === 'desk') && (
            <Panel title="Worth knowing" area="notes">
              <Notes notes={status.notes} place="desk" />
            </Panel>
          )}
          <Processes processes={state.processes} alerts={state.alerts} />
        </div>
      </div>
    </>
  );
}

function Activity({ activity }: Pick<TraderStatus, 'activity'>) {
  const today = day(activity[0]?.marketMs ?? 0);
  const when = (ms: number): string => (day(ms) === today ? '' : `${day(ms).slice(5)} `) + timeOfDay(ms);
  return (
    <Panel title="What happened" area="activity" aside={<span class="soft">market time, {CLOCK}</span>}>
      {activity.length === 0 ? (
        <Empty>Nothing yet.</Empty>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <ol class="activity" tabIndex={0}>
          {activity.map(({ wallMs, marketMs, text }) => (
            <li key={`${wallMs} ${marketMs} ${text}`}>
              <time dateTime={new Date(marketMs).toISOString()}>{when(marketMs)}</time>
              <span>{readable(text)}</span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

/** The number of active setups, with a link to each. */
function SetupsPanel({ api }: { readonly api: DeskApi }) {
  const { value, problem } = usePolled(() => api.setups(), 10_000, 'setups');
  const active = value?.setups.filter(({ open }) => open) ?? [];
  return (
    <Panel
      title="Setups"
      area="setups"
      problem={problem}
      aside={value !== null && <b data-testid="active-setups">{value.active} active</b>}
    >
      {active.length === 0 ? (
        <Empty>{value === null ? 'Reading the ledger…' : 'No setup is active.'}</Empty>
      ) : (
        <ul class="lines">
          {active.map(({ id, symbol, strategy, state }) => (
            <li key={id}>
              <span>
                <SetupLink id={id} /> {symbol ?? strategy}
              </span>
              <span class="soft">{readable(state ?? 'not known')}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

type Limit = TraderStatus['risk'][number];

const LIMIT_COLUMNS: readonly Column<Limit>[] = [
  { title: 'Limit', cell: ({ limit, title }) => title ?? limit },
  { title: 'Now', cell: ({ now }) => readable(now), long: true },
  { title: 'Allowed', cell: ({ value }) => readable(value), long: true },
];

function Limits({ risk }: Pick<TraderStatus, 'risk'>) {
  return (
    <Panel title="Limits" area="limits">
      <Table
        caption="Each limit, now and allowed"
        columns={LIMIT_COLUMNS}
        rows={risk}
        keyOf={({ limit }) => limit}
      />
    </Panel>
  );
}
