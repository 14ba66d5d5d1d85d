/**
 * Entries that a strategy takes back, changes, or asks for as one of two: what is taken back is cancelled at once, an order
 * is never changed while it rests or for more than is left of it, and the first fill of two takes the other one off.
 */
import { FINAL_ORDER_STATES, type OrderIntent, type OrderState } from '../../../src/domain/order.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import { TAKEN_BACK } from '../entries.js';
import type { Watcher } from '../watcher.js';

interface Known {
  readonly order: OrderIntent;
  state: OrderState;
  filledLots: number;
}

export class ReworkedEntries implements Watcher {
  readonly #entries = new Map<string, Known>();
  /** To be cancelled, or at their end, by the time at which somebody looks; with the reason. */
  readonly #toEnd = new Map<string, string>();
  #symbols: readonly string[] = [];

  restarted(records: readonly EngineRecord[]): void {
    this.#entries.clear();
    for (const record of records) this.recorded(record);
    this.#toEnd.clear();
  }

  recorded(record: EngineRecord): string | null {
    switch (record.type) {
      case 'config':
        this.#symbols = record.symbols;
        return null;
      case 'order.intended':
        return this.#sent(record.order);
      case 'order.state':
        this.#change(record.clientId, record.state);
        return null;
      case 'fill':
        this.#fill(record.fill.clientId, record.fill.quantityLots);
        return null;
      case 'note':
        if (record.text === TAKEN_BACK) this.#takenBack(record.symbol, record.strategy);
        return null;
      default:
        return null;
    }
  }

  looked(): string | null {
    for (const [clientId, why] of this.#toEnd) return `the entry ${clientId} rests on: ${why}`;
    return null;
  }

  #sent(order: OrderIntent): string | null {
    if (order.purpose !== 'entry') return null;
    const { clientId, changes, quantityLots } = order;
    this.#entries.set(clientId, { order, state: 'intended', filledLots: 0 });
    const old = changes === undefined ? undefined : this.#entries.get(changes);
    if (old === undefined) return null;
    if (!FINAL_ORDER_STATES.has(old.state))
      return `the entry ${clientId} leaves while ${changes}, which it changes, is ${old.state}`;
    const left = old.order.quantityLots - old.filledLots;
    return quantityLots > left
      ? `the entry ${clientId} is for ${quantityLots} lots, and ${left} are left of the one that it changes`
      : null;
  }

  #change(clientId: string, state: OrderState): void {
    const known = this.#entries.get(clientId);
    if (known === undefined) return;
    known.state = state;
    if (state === 'cancelling' || FINAL_ORDER_STATES.has(state)) this.#toEnd.delete(clientId);
  }

  #fill(clientId: string, lots: number): void {
    const filled = this.#entries.get(clientId);
    if (filled === undefined) return;
    filled.filledLots += lots;
    if (filled.filledLots >= filled.order.quantityLots) this.#change(clientId, 'filled');
    const { oneOf } = filled.order;
    for (const { order, state } of this.#entries.values()) {
      if (oneOf === undefined || order.oneOf !== oneOf || order.clientId === clientId) continue;
      this.#mustEnd(order.clientId, state, `${clientId}, the other of the two, was filled`);
    }
  }

  #takenBack(symbol: string | null, strategy: string | null): void {
    for (const { order, state } of this.#entries.values())
      if (this.#symbols[order.instrument] === symbol && order.strategy === strategy)
        this.#mustEnd(order.clientId, state, 'its strategy took it back');
  }

  #mustEnd(clientId: string, state: OrderState, why: string): void {
    if (['intended', 'working', 'partlyFilled'].includes(state)) this.#toEnd.set(clientId, why);
  }
}
