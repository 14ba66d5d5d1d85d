import type { SettingsShown } from '../api/shapes.js';
import { CLOCK, day, minuteOfDay } from '../format.js';
import { Empty, Panel } from '../view/panel.js';
import { type Column, Table } from '../view/table.js';
import { readable } from '../view/words.js';

type Entry = SettingsShown['history'][number];

const COLUMNS: readonly Column<Entry>[] = [
  { title: 'Version', cell: ({ version }) => version, number: true },
  { title: `When (${CLOCK})`, cell: ({ wallMs }) => `${day(wallMs)} ${minuteOfDay(wallMs)}`, long: true },
  {
    title: 'What',
    cell: ({ changes }) => changes.map(({ key, from, to }) => `${key} ${from} → ${to}`).join(', '),
    long: true,
  },
  { title: 'Who', cell: ({ by }) => by },
  { title: 'Approved by', cell: ({ approvedBy }) => approvedBy.join(', ') || '–' },
  { title: 'Why', cell: ({ reason }) => reason, long: true },
];

export function SettingsHistory({ settings }: { readonly settings: SettingsShown }) {
  const { history, problems, restartOnly, configHash } = settings;
  return (
    <>
      <Panel
        title="Changes"
        area="section"
        aside={
          <span class="soft">
            configuration <code>{configHash.slice(0, 8)}</code>
          </span>
        }
      >
        {problems.map((problem) => (
          <p key={problem} class="notice caution">
            {readable(problem)}
          </p>
        ))}
        {history.length === 0 ? (
          <Empty>Everything is as the desk file says.</Empty>
        ) : (
          <Table
            blocks
            caption="Changes of settings, newest first"
            columns={COLUMNS}
            rows={history}
            keyOf={({ incarnation, version }) => `${incarnation} ${version}`}
          />
        )}
      </Panel>
      <Panel title="The rest of the desk file" area="section">
        <details>
          <summary>Changes here need an edit of the file and a restart</summary>
          <pre class="file">{JSON.stringify(restartOnly, null, 2)}</pre>
        </details>
      </Panel>
    </>
  );
}
