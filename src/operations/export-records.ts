import { csvLine, csvText } from '../domain/csv.js';
import { type ExportKind, exportColumns, readExport } from '../store/export-rows.js';
import type { Caller, OperationContext } from './operation.js';
import { recordAudit } from './record-audit.js';

export interface ExportRequest {
  readonly kind: ExportKind;
  /** Market time (wall time for the audit trail), from `fromMs` inclusive to `untilMs` exclusive; null: no bound. */
  readonly fromMs: number | null;
  readonly untilMs: number | null;
}

/**
 * CSV in pieces: the header first, then the records, oldest first. Rejects while Postgres is down, before the first
 * piece if it is down at the start. `caller`: null for a command on this machine, which can read all of it anyway.
 */
export async function* exportRecords(
  context: Pick<OperationContext, 'pool' | 'desk' | 'runtime'>,
  caller: Caller | null,
  { kind, fromMs, untilMs }: ExportRequest,
): AsyncGenerator<string, void, undefined> {
  const { pool, desk } = context;
  if (caller !== null) {
    const parameters = { what: kind, from: isoOf(fromMs), to: isoOf(untilMs) };
    const problem = await recordAudit(context, caller, {
      action: 'export',
      parameters,
      outcome: 'sent as CSV',
    });
    if (problem !== null) throw new Error(problem);
  }
  const columns = exportColumns(kind);
  let header = csvLine(columns.map(({ name }) => name));
  for await (const rows of readExport(pool, kind, { desk: desk.desk, fromMs, untilMs })) {
    const lines = rows.map((row) =>
      csvLine(row.map((cell, at) => (columns[at]?.isText === true ? csvText(cell ?? '') : (cell ?? '')))),
    );
    yield header + lines.join('');
    header = '';
  }
  if (header !== '') yield header;
}

const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
