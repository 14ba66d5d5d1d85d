import { csvLine, csvText } from '../domain/plain-text.js';
import {
  ENTERED_RECORDS,
  LOT_COLUMNS,
  LOT_RECORDS,
  LOT_TEXTS,
  LotBook,
  type LotRecord,
  type LotRow,
} from '../ledger/fifo-lots.js';
import {
  type ExportSpan,
  exportColumns,
  readExport,
  readRecords,
  STORED_KINDS,
  type StoredKind,
} from '../store/export-rows.js';
import type { Pool } from '../store/pool.js';
import type { Caller, OperationContext } from './operation.js';
import { recordAudit } from './record-audit.js';

export type ExportKind = StoredKind | 'lots';
export const EXPORT_KINDS: readonly ExportKind[] = [...STORED_KINDS, 'lots'];

export interface ExportRequest {
  readonly kind: ExportKind;
  /**
   * Market time (for the audit trail, wall time; for a lot, when it was closed), from `fromMs` inclusive to
   * `untilMs` exclusive; null: no bound.
   */
  readonly fromMs: number | null;
  readonly untilMs: number | null;
  /** Of the audit trail: only the entries of this person, action and channel. */
  readonly only?: ExportSpan['only'];
}

/**
 * CSV in pieces: the header first, then the records, oldest first. Rejects while Postgres is down, before the first
 * piece if it is down at the start. `caller`: null for a command on this machine, which can read all of it anyway.
 */
export async function* exportRecords(
  context: Pick<OperationContext, 'pool' | 'desk' | 'runtime'>,
  caller: Caller | null,
  { kind, fromMs, untilMs, only = {} }: ExportRequest,
): AsyncGenerator<string, void, undefined> {
  const { pool, desk } = context;
  if (caller !== null) {
    const parameters = { what: kind, from: isoOf(fromMs), to: isoOf(untilMs), ...only };
    const problem = await recordAudit(context, caller, {
      action: 'export',
      parameters,
      outcome: 'sent as CSV',
    });
    if (problem !== null) throw new Error(problem);
  }
  const span = { desk: desk.desk, fromMs, untilMs, only };
  const [columns, pages] =
    kind === 'lots'
      ? [LOT_COLUMNS.map((name) => ({ name, isText: LOT_TEXTS.includes(name) })), readLots(pool, span)]
      : [exportColumns(kind), readExport(pool, kind, span)];
  let header = csvLine(columns.map(({ name }) => name));
  for await (const rows of pages) {
    const lines = rows.map((row) =>
      csvLine(row.map((cell, at) => (columns[at]?.isText === true ? csvText(cell ?? '') : (cell ?? '')))),
    );
    yield header + lines.join('');
    header = '';
  }
  if (header !== '') yield header;
}

/**
 * The lots closed within the span, in the order of closing, then those held at its end. Rejects while the
 * database is down.
 */
async function* readLots(
  pool: Pick<Pool, 'query'>,
  { desk, fromMs, untilMs }: ExportSpan,
): AsyncGenerator<readonly LotRow[]> {
  const valued: LotRecord[] = [];
  for await (const page of readRecords(pool, desk, ['fee.valued']))
    valued.push(...page.map(({ record }) => record as LotRecord));
  const book = new LotBook(valued);
  for await (const page of readRecords(pool, desk, LOT_RECORDS, ENTERED_RECORDS)) {
    const rows: LotRow[] = [];
    for (const stored of page) {
      const record = stored.record as LotRecord;
      const atMs = record.type === 'fill' ? record.fill.marketMs : 'marketMs' in record ? record.marketMs : 0;
      // Instruments count whenever they were declared.
      if (untilMs !== null && atMs >= untilMs && record.type !== 'config') continue;
      const closed = book.take(record, stored);
      if (fromMs === null || atMs >= fromMs) rows.push(...closed);
    }
    if (rows.length > 0) yield rows;
  }
  yield book.open();
}

const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
