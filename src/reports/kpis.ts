import { NO_PARAMETERS } from '../desk/step-parts.js';
import { readStatus } from '../trader/read-status.js';
import { kpiLine, readKpis } from './read-kpis.js';
import { report } from './report.js';

/** Every KPI of the desk file, and how it stands. */
export const kpis = report(
  'KPIs with their alarms and aims',
  NO_PARAMETERS,
  async ({ desk, pool, trader, runtime, marketMs }) => {
    const status = await readStatus({ trader }).catch(() => null);
    const found = await readKpis({ desk, pool, home: runtime.home, status, marketMs });
    return found.length === 0 ? 'the desk file has no KPIs' : found.map(kpiLine).join('; ');
  },
);
