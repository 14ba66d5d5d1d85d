/** Cash moves in the books for one of three reasons: the venue lists it, a person says it, or an adoption has its other side. */
import { parseUnits } from '../../../src/domain/money.js';
import type { Command } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { Bank } from '../bank.js';
import type { Watcher } from '../watcher.js';

export class CashRecords implements Watcher {
  readonly #booked = new Set<string>();
  #said: bigint | null = null;
  #adopted = false;

  constructor(private readonly bank: Bank) {}

  restarted(records: readonly EngineRecord[]): void {
    this.#booked.clear();
    this.#adopted = false;
    for (const record of records) this.#follow(record);
  }

  commanded(command: Command): void {
    if (command.name === 'explainCash') this.#said = command.amount;
  }

  recorded(record: EngineRecord): string | null {
    const objection = record.type === 'cash' ? this.#objection(record) : null;
    this.#follow(record);
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
    return this.#adopted ? null : `${kind} of ${amount} was booked, and nothing explains it`;
  }

  #follow(record: EngineRecord): void {
    if (record.type === 'cash' && record.movementId !== null) this.#booked.add(record.movementId);
    if (record.type === 'position.adopted') this.#adopted = true;
  }
}
