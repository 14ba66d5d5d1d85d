/** Since when entries wait in the core, from the records of this process: a start drops those that waited before. */
import type { EngineRecord } from '../../engine/record.js';

export class WaitingSince {
  readonly #sinceMs = new Map<string, number>();

  add(record: EngineRecord): void {
    if (record.type === 'entry.waits') this.#sinceMs.set(record.entry.clientId, record.marketMs);
    if (record.type === 'entry.over') this.#sinceMs.delete(record.clientId);
  }

  /** Market time. Null: not known. */
  of(clientId: string): number | null {
    return this.#sinceMs.get(clientId) ?? null;
  }
}
