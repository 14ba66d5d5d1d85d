/** The entries of one type that were sent, restarts included. */
import type { EntryType, OrderIntent } from '../../../src/domain/order.js';
import type { EngineRecord } from '../../../src/engine/record.js';

export class SentEntries {
  readonly #sent = new Map<string, OrderIntent>();

  constructor(private readonly type: EntryType) {}

  restarted(records: readonly EngineRecord[]): void {
    this.#sent.clear();
    for (const record of records) this.recorded(record);
  }

  recorded(record: EngineRecord): void {
    if (record.type !== 'order.intended' || record.order.purpose !== 'entry') return;
    if (record.order.type === this.type) this.#sent.set(record.order.clientId, record.order);
  }

  of(clientId: string): OrderIntent | undefined {
    return this.#sent.get(clientId);
  }
}
