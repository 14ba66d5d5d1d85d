/**
 * Executions: kept until midnight in TWS's time zone. A correction has the next number after the last full stop of
 * its id.
 */
import { DateTime } from 'luxon';
import type { Order } from './order.js';

export interface Execution {
  readonly execId: string;
  readonly order: Order;
  /** The order's id at that time: an order that is bound later gets another. */
  readonly orderId: number;
  readonly atMs: number;
  readonly quantity: number;
  readonly ticks: number;
  readonly filled: number;
  /** Ticks times quantity of the order so far. */
  readonly turnover: number;
  readonly commission: number;
  /** Cents; null if nothing was closed. */
  readonly realized: number | null;
  /** The order rested in the book. */
  readonly added: boolean;
}

export class Executions {
  #kept: Execution[] = [];
  #next = 1;
  readonly #begin: string;

  constructor(startMs: number) {
    this.#begin = Math.floor(startMs / 1000).toString(16);
  }

  add(execution: Omit<Execution, 'execId'>): Execution {
    const number = (0x10000 + this.#next++).toString(16).padStart(8, '0');
    const kept = { ...execution, execId: `${number}.${this.#begin}.01.01` };
    this.#kept.push(kept);
    return kept;
  }

  find(execId: string): Execution | undefined {
    return this.#kept.find((one) => one.execId === execId);
  }

  /** The same trade with other figures. */
  correct(execution: Execution, changed: Partial<Execution>): Execution {
    const parts = execution.execId.split('.');
    const number = String(Number(parts.pop()) + 1).padStart(2, '0');
    const kept = { ...execution, ...changed, execId: [...parts, number].join('.') };
    this.#kept.push(kept);
    return kept;
  }

  /** Since midnight in that zone; earlier ones are gone for good. */
  today(nowMs: number, zone: string): readonly Execution[] {
    const midnight = DateTime.fromMillis(nowMs, { zone }).startOf('day').toMillis();
    this.#kept = this.#kept.filter(({ atMs }) => atMs >= midnight);
    return this.#kept;
  }
}
