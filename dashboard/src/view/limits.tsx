import type { TraderStatus } from '../api/shapes.js';
import { Panel } from './panel.js';
import { type Column, Table } from './table.js';
import { readable } from './words.js';

type Limit = TraderStatus['risk'][number];

const COLUMNS: readonly Column<Limit>[] = [
  { title: 'Limit', cell: ({ limit, title }) => title ?? limit },
  { title: 'Now', cell: ({ now }) => readable(now), long: true },
  { title: 'Allowed', cell: ({ value }) => readable(value), long: true },
];

export function Limits({ risk }: Pick<TraderStatus, 'risk'>) {
  return (
    <Panel title="Limits" area="limits">
      <Table
        caption="Each limit, now and allowed"
        columns={COLUMNS}
        rows={risk}
        keyOf={({ limit }) => limit}
      />
    </Panel>
  );
}
