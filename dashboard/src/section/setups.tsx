import type { Setup, SetupDetails } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { CLOCK, day, dayAndMinute, grouped, minuteOfDay, timeOfDay } from '../format.js';
import { Stat } from '../view/figures.js';
import { SetupLink } from '../view/links.js';
import { Empty, Panel } from '../view/panel.js';
import { type Column, Table } from '../view/table.js';
import { readable } from '../view/words.js';

const LOOK_MS = 5_000;

interface SetupsProps {
  readonly api: DeskApi;
  /** Id of the setup that is shown; empty for the list. */
  readonly id: string;
}

export function Setups({ api, id }: SetupsProps) {
  return <div class="sections">{id === '' ? <List api={api} /> : <Details api={api} id={id} />}</div>;
}

const COLUMNS: readonly Column<Setup>[] = [
  { title: 'Setup', cell: ({ id }) => <SetupLink id={id} /> },
  { title: `Began, ${CLOCK}`, cell: ({ begunMs }) => dayAndMinute(begunMs) },
  { title: 'Symbol', cell: ({ symbol, strategy }) => symbol ?? strategy },
  { title: 'State', cell: ({ state }) => readable(state ?? 'not known') },
  { title: 'Entry', cell: ({ prices }) => (prices === null ? '–' : grouped(prices.entry)), number: true },
  { title: 'Stop', cell: ({ prices }) => (prices === null ? '–' : grouped(prices.stop)), number: true },
  { title: 'Target', cell: ({ prices }) => (prices === null ? '–' : grouped(prices.target)), number: true },
  { title: 'Noted last', cell: ({ last }) => readable(last), long: true },
];

function List({ api }: { readonly api: DeskApi }) {
  const { value, problem } = usePolled(() => api.setups(), LOOK_MS, 'setups');
  return (
    <Panel
      title="Setups"
      area="section"
      problem={problem}
      aside={value !== null && <span class="soft">{value.active} active</span>}
    >
      {value === null || value.setups.length === 0 ? (
        <Empty>{value === null ? 'Reading the ledger…' : 'No strategy has followed a setup so far.'}</Empty>
      ) : (
        <Table
          blocks
          caption="Setups, the newest first"
          columns={COLUMNS}
          rows={value.setups}
          keyOf={({ id }) => id}
        />
      )}
    </Panel>
  );
}

function Details({ api, id }: SetupsProps) {
  const { value, problem, of } = usePolled(() => api.setup(id), LOOK_MS, id);
  const setup = of === id ? value : null;
  const aside = <a href="#/setups">All setups</a>;
  return (
    <Panel title={`Setup ${id}`} area="section" problem={setup === null ? null : problem} aside={aside}>
      {setup === null ? <Empty>{problem?.message ?? 'Reading the ledger…'}</Empty> : <Plan setup={setup} />}
    </Panel>
  );
}

function Plan({ setup }: { readonly setup: SetupDetails }) {
  const { symbol, strategy, state, open, prices, rewardToRisk, detectedMs, steps } = setup;
  const price = (of: 'entry' | 'stop' | 'target'): string => (prices === null ? '–' : grouped(prices[of]));
  return (
    <>
      <dl class="stats">
        <Stat label="State" value={readable(state ?? 'not known')} />
        <Stat label="Goes on" value={open ? 'yes' : 'no'} />
        <Stat label="Symbol" value={symbol ?? '–'} />
        <Stat label="Strategy" value={strategy} />
        <Stat
          label={`Detected, ${CLOCK}`}
          value={detectedMs === null ? 'not detected' : `${day(detectedMs)} ${minuteOfDay(detectedMs)}`}
        />
        <Stat label="Entry" value={price('entry')} />
        <Stat label="Stop" value={price('stop')} />
        <Stat label="Target" value={price('target')} />
        <Stat label="Reward to risk" value={rewardToRisk === null ? '–' : rewardToRisk.toFixed(2)} />
      </dl>
      <ol class="activity">
        {steps.map(({ atMs, text }, at) => (
          <li key={at}>
            <time dateTime={new Date(atMs).toISOString()}>
              {day(atMs)} {timeOfDay(atMs)}
            </time>
            <span>{readable(text)}</span>
          </li>
        ))}
      </ol>
    </>
  );
}
