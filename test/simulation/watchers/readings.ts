/**
 * Readings of the account: one at a time, and the newest counts. What counts as clean agrees to the last unit, and only
 * after such a one a desk is armed. What was traded before the journal began is neither asked for nor recorded.
 */
import type { VenuePosition } from '../../../src/domain/venue.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import type { Scenario } from '../scenario.js';
import { START_MARKET_MS } from '../simulated-prices.js';
import type { Moment, Watcher } from '../watcher.js';

/** As the desk of the simulation has it: an answer is waited for so long at the least. */
const ANSWER_MS = 2_000;

export class Readings implements Watcher {
  /** That no answer has come to; null: none, or what it will tell no longer counts. */
  #open: { readonly requestId: number; readonly atMs: number } | null = null;
  /** The answer that came last. */
  #answered = 0;
  /** By that, money units. */
  #cash: bigint | null = null;
  #positions: readonly VenuePosition[] = [];
  /** The newest since the start, and since the clock jumped, agreed. */
  #clean = false;

  /** Before it others traded in the account, if anybody did. */
  readonly #beginsMs: number;

  constructor(
    private readonly book: FollowedBook,
    { ownedByOthers }: Scenario,
  ) {
    this.#beginsMs = ownedByOthers ? START_MARKET_MS : 0;
  }

  restarted(): void {
    this.#open = null;
    this.#cash = null;
    this.#clean = false;
  }

  heard(event: EngineEvent): void {
    if (event.kind === 'clock.jump') this.#clean = false;
    if (event.kind === 'clock.jump' || event.kind === 'venue.health') this.#open = null;
    if (event.kind === 'venue.snapshotFailed') this.#ended(event.requestId);
    if (event.kind !== 'venue.snapshot') return;
    const { requestId, cash, positions } = event.snapshot;
    this.#ended(requestId);
    this.#answered = requestId;
    this.#cash = cash === null ? null : BigInt(cash);
    this.#positions = positions;
  }

  left(effect: Effect, { wallMs }: Moment): string | null {
    if (effect.kind !== 'requestSnapshot') return null;
    if (effect.sinceTradeMs < this.#beginsMs)
      return `trades are asked for since ${effect.sinceTradeMs}, when the journal had not begun`;
    const before = this.#open;
    this.#open = { requestId: effect.requestId, atMs: wallMs };
    // Whoever closes all asks for a reading that begins now.
    if (before === null || this.book.closing || wallMs - before.atMs >= ANSWER_MS) return null;
    return `a reading was asked for ${wallMs - before.atMs} ms after another, which has not answered`;
  }

  recorded(record: EngineRecord): string | null {
    if ((record.type === 'fill' || record.type === 'fill.foreign') && record.fill.marketMs < this.#beginsMs)
      return `the trade ${record.fill.tradeId} of before the journal began is in the records`;
    if (record.type === 'armed') return this.#clean ? null : 'armed on a reading that is not clean';
    if (record.type !== 'reconciled') return null;
    this.#clean = record.clean;
    if (record.requestId !== this.#answered)
      return `the answer to ${this.#answered} was taken for that to ${record.requestId}`;
    const ours = this.book.second.cash;
    if (record.clean && this.#cash !== null && this.#cash !== ours)
      return `reconciled as clean, though cash is ${this.#cash} at the venue and ${ours} in the records`;
    const objection = record.clean ? this.#positionsDiffer() : null;
    if (objection !== null) return objection;
    const isOpen = record.differences.some(({ what }) => what === 'balance');
    return isOpen && this.book.mode === 'ACTIVE' ? 'ACTIVE while cash differs and nothing explains it' : null;
  }

  /** What is in the account is the desk's or somebody's, each lot once. */
  #positionsDiffer(): string | null {
    const { lots, others } = this.book;
    for (const [at, ours] of lots.entries()) {
      const venues = this.#positions.find(({ instrument }) => instrument === at)?.quantityLots ?? 0;
      const explained = ours + (others[at] ?? 0);
      if (venues !== explained)
        return `reconciled as clean, though the venue has ${venues} lots of ${at} and ${explained} are in the records`;
    }
    return null;
  }

  #ended(requestId: number): void {
    if (this.#open?.requestId === requestId) this.#open = null;
  }
}
