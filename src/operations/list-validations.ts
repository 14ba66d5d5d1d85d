import type { ValidationShown } from '../contracts/published.js';
import { readValidations } from '../store/validation-report.js';
import type { ValidationReport } from '../validation/report/report.js';
import type { OperationContext } from './operation.js';

const SHOWN_MAX = 20;

/** Newest first. Rejects while Postgres is down. */
export async function listValidations({
  pool,
  desk,
}: Pick<OperationContext, 'pool' | 'desk'>): Promise<readonly ValidationShown[]> {
  const rows = await readValidations(pool, desk.desk, SHOWN_MAX);
  return rows.map(({ report: text, validationId, configHash, createdMs, qualifies }) => {
    const report = JSON.parse(text) as ValidationReport;
    const { requestedBy, recommendation, reasons, goLive, period, market, results, verdicts } = report;
    return {
      id: validationId,
      configHash,
      createdMs,
      ...{ requestedBy, recommendation, reasons, period, results, verdicts },
      goLive: { ...goLive, qualifies },
      market: { kind: market.kind, label: market.label, simulated: market.simulated },
    };
  });
}
