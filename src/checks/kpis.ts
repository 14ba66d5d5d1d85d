import { z } from 'zod';
import { kpiNames } from '../desk/kpi-rules.js';
import { type Kpi, kpiLine, readKpis } from '../reports/read-kpis.js';
import { readStatus } from '../trader/read-status.js';
import { check } from './check.js';

/** The desk file's KPIs: an alarm fails, a missed aim warns; a KPI that can't be judged yet does neither. */
export const kpis = check(
  'KPIs are within alarm and aim',
  z.strictObject({ names: z.string().default('') }),
  async ({ desk, pool, trader, runtime }, { names }) => {
    const status = await readStatus({ trader });
    const { marketMs } = status.marketData;
    const found = await readKpis({ desk, pool, home: runtime.home, status, marketMs }, kpiNames(names));
    if (found.length === 0)
      return { verdict: 'not_run', observed: 'the desk file has no KPIs', expected: 'kpis in the desk file' };
    const of = (...states: readonly Kpi['state'][]) => found.filter(({ state }) => states.includes(state));
    const [alarms, missed, good] = [of('alarm'), of('missed'), of('ok')];
    const verdict =
      alarms.length > 0 ? 'fail' : missed.length > 0 ? 'warn' : good.length > 0 ? 'pass' : 'not_run';
    return {
      verdict,
      observed: [...alarms, ...missed, ...good, ...of('tooFew', 'unknown')].map(kpiLine).join('; '),
      expected: 'no alarm, and every aim reached',
    };
  },
);
