/**
 * Cash moves in the books for one of three reasons: the venue lists it, a person says it, or what was adopted was traded at
 * another price. None of them counts before a second reading has found the same difference.
 */
import { parseUnits } from '../../../src/domain/money.js';
import type { CashMovement } from '../../../src/domain/venue.js';
import type { Command, EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { Bank } from '../bank.js';
import type { FollowedBook } from '../followed-book.js';
import type { Scenario } from '../scenario.js';
import type { Watcher } from '../watcher.js';

/** What was adopted was counted at the last price, in cash too; what it really cost may differ by this part of it. */
const ADOPTED_PART = 0.06;
/** From the first reading that differs to the one that is believed. */
const CONFIRMED_AFTER_MS = 2_000;

type CashRecord = Extract<EngineRecord, { readonly type: 'cash' }>;

export class CashRecords implements Watcher {
  readonly #booked = new Set<string>();
  #said: bigint | null = null;
  /** What people have said, by the amount, and when: what the venue listed by then was that, and explains nothing else. */
  #explained: { readonly amount: bigint; readonly marketMs: number }[] = [];
  /** Worth of what was adopted since cash last agreed, money units. */
  #adopted = 0;
  /** By the newest reading, money units. */
  #cash: bigint | null = null;
  #listed: readonly CashMovement[] = [];
  /** Of the newest reading, until the next thing is heard: what it leads to is in the books by then. */
  #readAtMs: number | null = null;
  /** What it differs by, before anything is booked for it; null: nothing was. */
  #difference: bigint | null = null;
  /** By how much earlier readings differed, and when each was read. */
  #differed: { readonly difference: bigint; readonly atMs: number }[] = [];

  constructor(
    private readonly bank: Bank,
    private readonly book: FollowedBook,
    private readonly scenario: Scenario,
  ) {}

  restarted(records: readonly EngineRecord[]): void {
    this.#booked.clear();
    this.#explained = [];
    for (const record of records) if (record.type === 'cash') this.#keep(record);
    this.#adopted = 0;
    this.#cash = null;
    this.#listed = [];
    this.#readAtMs = null;
    this.#differed = [];
  }

  heard(event: EngineEvent, wallMs: number): void {
    if (this.#readAtMs !== null) this.#differed.push({ difference: this.#left, atMs: this.#readAtMs });
    this.#readAtMs = null;
    if (event.kind !== 'venue.snapshot') return;
    const { cash, movements } = event.snapshot;
    this.#readAtMs = wallMs;
    this.#difference = null;
    this.#cash = cash === null ? null : BigInt(cash);
    this.#listed = movements ?? [];
  }

  commanded(command: Command): void {
    if (command.name === 'explainCash') this.#said = command.amount;
  }

  recorded(record: EngineRecord): string | null {
    if (record.type === 'position.adopted') this.#adopt(record);
    if (record.type === 'reconciled' && record.clean) this.#adopted = 0;
    if (record.type === 'reconciled') return record.clean ? null : this.#unexplained(record);
    if (record.type !== 'cash') return null;
    const objection = this.#objection(record) ?? (record.source === 'person' ? null : this.#tooEarly());
    this.#keep(record);
    return objection;
  }

  #keep({ movementId, source, amount, marketMs }: CashRecord): void {
    if (movementId !== null) this.#booked.add(movementId);
    if (source === 'person') this.#explained.push({ amount: BigInt(amount), marketMs });
  }

  #objection(record: CashRecord): string | null {
    const { movementId, amount, source, kind } = record;
    if (movementId !== null) {
      const listed = this.bank.listed(movementId);
      if (this.#booked.has(movementId)) return `the movement ${movementId} was booked twice`;
      if (listed !== null && parseUnits(listed.amount) === BigInt(amount)) return null;
      return `${kind} of ${amount} was booked as ${movementId}, which the venue does not list so`;
    }
    if (source === 'person')
      return this.#said === BigInt(amount) ? null : `${kind} of ${amount} was booked, and no person said it`;
    const isOtherPrice = Math.abs(Number(amount)) <= this.#adopted * ADOPTED_PART;
    if (!isOtherPrice) return `${kind} of ${amount} was booked, and nothing explains it`;
    return kind === 'result' ? null : `what was adopted lost or won ${amount}, and it counts as ${kind}`;
  }

  /** A person is asked only for what the venue does not list. */
  #unexplained({ differences }: Extract<EngineRecord, { readonly type: 'reconciled' }>): string | null {
    if (this.#cash === null || !differences.some(({ what }) => what === 'balance')) return null;
    const early = this.#tooEarly();
    if (early !== null) return early;
    const open = this.#listed.filter(({ id }) => !this.#booked.has(id));
    for (const said of this.#explained) {
      const at = open.findIndex(
        ({ amount, marketMs }) => parseUnits(amount) === said.amount && marketMs <= said.marketMs,
      );
      if (at !== -1) open.splice(at, 1);
    }
    const sum = open.reduce((all, { amount }) => all + parseUnits(amount), 0n);
    if (open.length === 0 || sum !== this.#cash - this.book.second.cash) return null;
    return `a difference in cash counts as unexplained, and the venue lists ${open.map(({ id }) => id).join(', ')}`;
  }

  /** Of the newest reading, by the books of this moment. */
  get #left(): bigint {
    return (this.#cash ?? 0n) - this.book.second.cash;
  }

  /** One reading alone may have been taken in the middle of a trade. */
  #tooEarly(): string | null {
    const [now, difference] = [this.#readAtMs, this.#difference ?? this.#left];
    this.#difference = difference;
    if (now === null) return `a difference in cash of ${difference} was believed without a reading`;
    const isConfirmed = this.#differed.some(
      (before) => before.difference === difference && now - before.atMs >= CONFIRMED_AFTER_MS,
    );
    return isConfirmed ? null : `a difference in cash of ${difference} was believed at the first reading`;
  }

  #adopt({
    instrument,
    quantityLots,
    priceTicks,
    rate = 1,
  }: Extract<EngineRecord, { readonly type: 'position.adopted' }>) {
    const lots = Math.abs(quantityLots - this.book.second.lots(instrument));
    this.#adopted += lots * priceTicks * this.scenario.instruments[instrument]!.moneyPerTickLot * rate;
  }
}
