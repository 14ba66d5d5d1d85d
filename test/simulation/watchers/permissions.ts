/** Nothing is allowed by itself: looser settings need people, real money needs a go-live, and loosening ends it. */
import type { Effect } from '../../../src/engine/effect.js';
import type { Command } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import type { Watcher } from '../watcher.js';

export class Permissions implements Watcher {
  #approvedBy: readonly string[] = [];
  #granted = false;

  constructor(
    private readonly book: FollowedBook,
    private readonly goLiveRequired: boolean,
  ) {}

  restarted(records: readonly EngineRecord[]): void {
    this.#granted = false;
    for (const record of records) this.#follow(record);
  }

  commanded(command: Command): void {
    if (command.name === 'reload') this.#approvedBy = command.approvedBy;
  }

  recorded(record: EngineRecord): string | null {
    const objection = this.#objection(record);
    this.#follow(record);
    return objection;
  }

  left(effect: Effect): string | null {
    const opens = effect.kind === 'submit' && effect.order.purpose === 'entry';
    return opens && this.#isMissing() ? `entry ${effect.order.clientId} left without a go-live` : null;
  }

  looked(): string | null {
    return this.book.mode === 'ACTIVE' && this.#isMissing() ? 'ACTIVE without a go-live' : null;
  }

  #objection(record: EngineRecord): string | null {
    if (record.type !== 'settings') return null;
    const looser = record.changes.find(({ key, from, to }) => key.startsWith('risk.') && to > from);
    if (looser === undefined || this.#approvedBy.length > 0) return null;
    return `${looser.key} went from ${looser.from} to ${looser.to}, and nobody approved it`;
  }

  #follow(record: EngineRecord): void {
    if (record.type === 'golive.granted') this.#granted = true;
    else if (record.type === 'golive.voided') this.#granted = false;
    else if (
      record.type === 'settings' &&
      record.changes.some(({ key, from, to }) => isLooser(key, from, to))
    )
      this.#granted = false;
  }

  #isMissing(): boolean {
    return this.goLiveRequired && !this.#granted;
  }
}

function isLooser(key: string, from: number, to: number): boolean {
  return !key.startsWith('risk.') || to > from;
}
