/** Cash moves in the books for one of three reasons: the venue lists it, a person says it, or what was adopted was traded at another price. */
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

export class CashRecords implements Watcher {
  readonly #booked = new Set<string>();
  #said: bigint | null = null;
  /** Worth of what was adopted since cash last agreed, money units. */
  #adopted = 0;
  /** By the newest reading, money units. */
  #cash: bigint | null = null;
  #listed: readonly CashMovement[] = [];

  constructor(
    private readonly bank: Bank,
    private readonly book: FollowedBook,
    private readonly scenario: Scenario,
  ) {}

  restarted(records: readonly EngineRecord[]): void {
    this.#booked.clear();
    for (const record of records)
      if (record.type === 'cash' && record.movementId !== null) this.#booked.add(record.movementId);
    this.#adopted = 0;
    this.#cash = null;
    this.#listed = [];
  }

  heard(event: EngineEvent): void {
    if (event.kind !== 'venue.snapshot') return;
    const { cash, movements } = event.snapshot;
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
    const objection = this.#objection(record);
    if (record.movementId !== null) this.#booked.add(record.movementId);
    return objection;
  }

  #objection(record: Extract<EngineRecord, { readonly type: 'cash' }>): string | null {
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
    return isOtherPrice ? null : `${kind} of ${amount} was booked, and nothing explains it`;
  }

  /** A person is asked only for what the venue does not list. */
  #unexplained({ differences }: Extract<EngineRecord, { readonly type: 'reconciled' }>): string | null {
    if (this.#cash === null || !differences.some(({ what }) => what === 'balance')) return null;
    const open = this.#listed.filter(({ id }) => !this.#booked.has(id));
    const sum = open.reduce((all, { amount }) => all + parseUnits(amount), 0n);
    if (open.length === 0 || sum !== this.#cash - this.book.second.cash) return null;
    return `a difference in cash counts as unexplained, and the venue lists ${open.map(({ id }) => id).join(', ')}`;
  }

  #adopt({
    instrument,
    quantityLots,
    priceTicks,
  }: Extract<EngineRecord, { readonly type: 'position.adopted' }>) {
    const lots = Math.abs(quantityLots - this.book.second.lots(instrument));
    this.#adopted += lots * priceTicks * this.scenario.instruments[instrument]!.moneyPerTickLot;
  }
}
