import { readValidations } from '../store/validation-report.js';
import type { ValidationReport } from '../validation/report/report.js';
import type { OperationContext } from './operation.js';

/** A report without its long lists; the JSON file that the validation wrote has all of it. */
export interface ValidationShown {
  readonly id: string;
  readonly configHash: string;
  readonly createdMs: number;
  readonly requestedBy: string;
  readonly recommendation: 'GO' | 'NO-GO';
  /** Every reason for a NO-GO, each with the missing amount. */
  readonly reasons: readonly string[];
  /** Whether it may be used for real money; if not, why. */
  readonly goLive: ValidationReport['goLive'];
  readonly period: ValidationReport['period'];
  readonly market: Pick<ValidationReport['market'], 'kind' | 'label' | 'simulated'>;
  readonly results: ValidationReport['results'];
  readonly verdicts: ValidationReport['verdicts'];
}

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
