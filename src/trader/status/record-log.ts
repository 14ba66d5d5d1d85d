/**
 * Which records go into the log of the whole desk: those that change the mode or money, or need attention.
 * The subject of a line has fields of its own (`kind`, `setup`), and is not only in its words.
 */
import type { Instrument } from '../../domain/instrument.js';
import { setupNote } from '../../domain/setup-note.js';
import { VENUE_BREAKER_NOTE } from '../../engine/halts.js';
import type { EngineRecord } from '../../engine/record.js';
import type { Log } from '../log.js';
import { activityText } from './activity.js';

const OF_TRADES: readonly EngineRecord['type'][] = [
  'order.intended',
  'fill',
  'trade.closed',
  'trades.crossed',
  'target.reached',
  'stop.moved',
  'exits.changed',
  'entry.waits',
  'entry.over',
];
const CALM: ReadonlySet<EngineRecord['type']> = new Set([...OF_TRADES, 'stop.gap', 'armed', 'flat.proven']);
const OF_ORDERS: ReadonlySet<EngineRecord['type']> = new Set([...OF_TRADES, 'order.state']);
const ORDERS_KEPT = 1_000;

interface Fields {
  readonly kind?: 'setup' | 'order' | 'venue';
  readonly setup?: string;
}

export class RecordLog {
  /** The setup in progress, by symbol. */
  readonly #setups = new Map<string, string>();
  /** The setup that an order belongs to: the venue's reports name only the order. */
  readonly #orders = new Map<string, string>();

  #venue: 'up' | 'down' = 'up';
  /** A halt since it was armed was of the venue or its prices: what arms the desk says that it is over. */
  #haltedByVenue = false;

  /** As they were when the record was written. */
  #instruments: readonly Instrument[];

  constructor(
    private readonly log: Log,
    instruments: readonly Instrument[],
  ) {
    this.#instruments = instruments;
  }

  /** For a journal that is replayed: its records were logged when they happened. */
  follow(record: EngineRecord): void {
    this.#fieldsOf(record);
  }

  write(record: EngineRecord): void {
    const fields = this.#fieldsOf(record);
    const isCalmNote = record.type === 'note' && record.level === 'info';
    const isAboutNothing = fields.kind === undefined && fields.setup === undefined;
    if (record.type === 'order.denied' || (isCalmNote && isAboutNothing)) return;
    const text = activityText(record, { instruments: this.#instruments, number: (decimal) => decimal });
    if (text !== null) this.log(isCalmNote || CALM.has(record.type) ? 'info' : 'warn', text, { ...fields });
  }

  /** The venue is lost or back: no record says so, and whoever follows the log waits for it. */
  venueIs(state: 'up' | 'down', detail: string): void {
    if (state === this.#venue) return;
    this.#venue = state;
    const isUp = state === 'up';
    this.log(isUp ? 'info' : 'warn', `the venue is ${isUp ? 'back' : 'down'}: ${detail}`, { kind: 'venue' });
  }

  #fieldsOf(record: EngineRecord): Fields {
    if (record.type === 'config') this.#instruments = record.instruments;
    if (record.type === 'note') return this.#ofNote(record);
    if (record.type === 'reconciled') return { kind: 'venue' };
    if (record.type === 'halt') {
      const { cause } = record.halt;
      const isVenue = cause === 'venue' || cause === 'stale-data';
      this.#haltedByVenue ||= isVenue;
      return isVenue ? { kind: 'venue' } : {};
    }
    if (record.type === 'armed') {
      const wasVenue = this.#haltedByVenue;
      this.#haltedByVenue = false;
      return wasVenue ? { kind: 'venue' } : {};
    }
    if (!OF_ORDERS.has(record.type)) return {};
    const setup = this.#setupOf(record);
    return setup === undefined ? { kind: 'order' } : { kind: 'order', setup };
  }

  #ofNote(note: Extract<EngineRecord, { type: 'note' }>): Fields {
    if (note.strategy === null) return note.text.startsWith(VENUE_BREAKER_NOTE) ? { kind: 'venue' } : {};
    const setup = setupNote(note);
    if (setup === null) return {};
    const { id, detected, endedAs } = setup;
    const symbol = note.symbol ?? '';
    if (endedAs === null) this.#setups.set(symbol, id);
    else this.#setups.delete(symbol);
    return detected ? { kind: 'setup', setup: id } : { setup: id };
  }

  #setupOf(record: EngineRecord): string | undefined {
    if (record.type === 'order.state') return this.#orders.get(record.clientId);
    if (record.type === 'fill') return this.#setupAt(record.fill.instrument);
    if (record.type === 'order.intended') {
      const setup = this.#setupAt(record.order.instrument);
      if (setup !== undefined) this.#keep(record.order.clientId, setup);
      return setup;
    }
    if (!('instrument' in record) || record.instrument === null) return undefined;
    return this.#setupAt(record.instrument);
  }

  #setupAt(instrument: number): string | undefined {
    return this.#setups.get(this.#instruments[instrument]?.symbol ?? '');
  }

  #keep(clientId: string, setup: string): void {
    if (this.#orders.size >= ORDERS_KEPT) this.#orders.clear();
    this.#orders.set(clientId, setup);
  }
}
