import { csvLine, csvText } from '../domain/csv.js';
import { type ExportKind, exportColumns, readExport } from '../store/export-rows.js';
import type { OperationContext } from './operation.js';

export interface ExportRequest {
  readonly kind: ExportKind;
  /** Market time, of the audit wall time: at or after, and before; null: no bound. */
  readonly fromMs: number | null;
  readonly untilMs: number | null;
}

/** CSV in pieces: the header first, then what is recorded, oldest first. Rejects while Postgres is down. */
export async function* exportRecords(
  { pool, desk }: Pick<OperationContext, 'pool' | 'desk'>,
  { kind, fromMs, untilMs }: ExportRequest,
): AsyncGenerator<string> {
  const columns = exportColumns(kind);
  yield csvLine(columns.map(({ name }) => name));
  for await (const rows of readExport(pool, kind, { desk: desk.desk, fromMs, untilMs })) {
    const lines = rows.map((row) =>
      csvLine(row.map((cell, at) => (columns[at]?.isText === true ? csvText(cell ?? '') : (cell ?? '')))),
    );
    yield lines.join('');
  }
}
