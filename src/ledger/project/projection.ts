import type { Scales } from '../../domain/book-steps.js';
import type { Instrument } from '../../domain/instrument.js';
import type { EngineRecord } from '../../engine/record.js';

export interface Projection {
  readonly desk: string;
  readonly simulated: boolean;
  readonly account: string;
  /** Instruments of the newest `config` entry; their steps turn integers into decimal text. */
  readonly instruments: readonly Instrument[];
  /** Fine enough for every `config` entry so far, as the engine's books: a row may have been written before the newest one. */
  readonly scales: Scales;
}

export type RecordOf<T extends EngineRecord['type']> = Extract<EngineRecord, { readonly type: T }>;

export function instrumentOf(projection: Projection, id: number): Instrument {
  const instrument = projection.instruments[id];
  if (!instrument)
    throw new LedgerMismatch(`the journal names instrument ${id}, and its configuration does not`);
  return instrument;
}

/** The stream does not continue what the ledger holds: something was lost, changed or set back. */
export class LedgerMismatch extends Error {
  override readonly name = 'LedgerMismatch';
}
