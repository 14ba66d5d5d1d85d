/** The desk's KPIs as people ask for them. */
import { z } from 'zod';
import type { Shape } from '../../contracts/json-values.js';
import { KPI_READING_NAMES } from '../../desk/kpi-schema.js';
import { KPI_STATES, type Kpi, readKpis } from '../../reports/read-kpis.js';
import { readStatus } from '../../trader/read-status.js';
import type { OperationContext } from '../operation.js';

const kpiSchema = z.object({
  name: z.string(),
  reading: z.enum(KPI_READING_NAMES),
  title: z.string().describe('What is read, in words'),
  kind: z.enum(['alarm', 'aim']),
  state: z
    .enum(KPI_STATES)
    .describe(
      'alarm: past its alarm; missed: short of its aim; ok: neither; tooFew: below its minimum sample; unknown: nothing to read. The last two are not judged',
    ),
  value: z
    .number()
    .nullable()
    .describe('In `unit`; also null where it has no end, as a profit factor without a loss'),
  unit: z.string().describe('Empty for a plain number'),
  bound: z.string().describe('When it is an alarm, or what is aimed at: "above 25 %", "at least 47.6 %"'),
  sample: z.number().nullable().describe('What it was counted over; null: nothing is counted'),
  minimumSample: z.number().nullable(),
  days: z.number().nullable().describe('Of market time that it looks back; null: it stands now'),
  says: z.string().describe('Value and sample, in words'),
}) satisfies z.ZodType<Kpi>;

export const kpisSchema = z.object({
  machineTime: z
    .boolean()
    .describe(
      'The trader does not answer: days are by this machine’s clock, and what it alone knows is unknown',
    ),
  kpis: z.array(kpiSchema).describe('In the order of the desk file'),
});
export type KpisShown = Shape<typeof kpisSchema>;

/** Rejects while Postgres is down. */
export async function showKpis({
  desk,
  pool,
  runtime,
  trader,
  nowMs,
}: Pick<OperationContext, 'desk' | 'pool' | 'runtime' | 'trader' | 'nowMs'>): Promise<KpisShown> {
  const status = await readStatus({ trader }).catch(() => null);
  const marketMs = status?.marketData.marketMs ?? nowMs();
  const kpis = await readKpis({ desk, pool, home: runtime.home, status, marketMs });
  return { machineTime: status === null, kpis };
}
