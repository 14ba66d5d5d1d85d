import type { KpiShown } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { Panel } from '../view/panel.js';
import { type Column, Table } from '../view/table.js';
import { readable, sentence } from '../view/words.js';

const LOOK_MS = 60_000;

const STATES = {
  alarm: ['Alarm', 'alarm'],
  missed: ['Missed', 'caution'],
  ok: ['OK', 'go'],
  tooFew: ['Too few', 'soft'],
  unknown: ['Not known', 'soft'],
} as const satisfies Readonly<Record<KpiShown['state'], readonly [string, string]>>;

const COLUMNS: readonly Column<KpiShown>[] = [
  {
    title: 'KPI',
    cell: ({ name, title }) => (
      <>
        <b>{name}</b> <span class="soft">{title}</span>
      </>
    ),
  },
  {
    title: 'State',
    cell: ({ state }) => <span class={`lamp ${STATES[state][1]}`}>{STATES[state][0]}</span>,
    long: true,
  },
  { title: 'Held against', cell: ({ kind, bound }) => readable(`${kind} ${bound}`), long: true },
  { title: 'Now', cell: ({ says }) => readable(sentence(says)), long: true },
];

/** The KPIs of the desk file; nothing if it has none. */
export function Kpis({ api }: { readonly api: DeskApi }) {
  const { value, problem } = usePolled(() => api.kpis(), LOOK_MS, 'kpis');
  if (problem === null && (value === null || value.kpis.length === 0)) return null;
  return (
    <Panel
      title="KPIs"
      area="section"
      problem={problem}
      aside={
        value?.machineTime === true && (
          <span class="soft">the trader does not answer: days by this machine’s clock</span>
        )
      }
    >
      {value !== null && (
        <Table
          blocks
          caption="KPIs of the desk file"
          columns={COLUMNS}
          rows={value.kpis}
          keyOf={({ name }) => name}
        />
      )}
    </Panel>
  );
}
