/** Nothing is allowed by itself: looser settings need people, real money needs a go-live, and what ends that ends it. */
import type { DeclaredValue } from '../../../src/domain/declared-value.js';
import type { EngineConfig } from '../../../src/engine/config.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { Command } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import type { Watcher } from '../watcher.js';

type Grant = Extract<EngineRecord, { readonly type: 'golive.granted' }>['grant'];

export class Permissions implements Watcher {
  #approvedBy: readonly string[] = [];
  #granted: Grant | null = null;
  /** Of the journal, as its newest configuration says. */
  #incarnation: string | undefined;

  constructor(
    private readonly book: FollowedBook,
    private readonly desk: EngineConfig,
    /** Of the desk file that is read now. */
    private readonly fileHash: () => string,
  ) {}

  restarted(records: readonly EngineRecord[]): void {
    this.#granted = null;
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
    if (record.type === 'golive.granted') return this.#unfit(record.grant);
    if (record.type === 'command' && record.name === 'revokeGoLive' && this.#granted !== null)
      return 'a go-live was taken back, and is still in force';
    if (record.type !== 'settings') return null;
    const looser = record.changes.find(({ key, from, to }) => key.startsWith('risk.') && to > from);
    if (looser === undefined || this.#approvedBy.length > 0) return null;
    return `${looser.key} went from ${looser.from} to ${looser.to}, and nobody approved it`;
  }

  /** People agreed to this very desk, on this very journal, and to no more than its file allows. */
  #unfit({ incarnation, fileConfigHash, size }: Grant): string | null {
    const { risk } = this.desk;
    if (incarnation !== this.#incarnation) return `a go-live for the journal ${incarnation} came into force`;
    if (fileConfigHash !== this.fileHash())
      return `a go-live for the desk file ${fileConfigHash} came into force`;
    const tooLarge =
      size.maxPositionSizePct > risk.maxPositionSizePct ||
      size.maxConcurrentPositions > risk.maxConcurrentPositions;
    return tooLarge ? `a go-live for ${size.maxPositionSizePct} % a position came into force` : null;
  }

  #follow(record: EngineRecord): void {
    if (record.type === 'config') this.#incarnation = record.incarnation;
    else if (record.type === 'golive.granted') this.#granted = record.grant;
    else if (record.type === 'golive.voided') this.#granted = null;
    else if (
      record.type === 'settings' &&
      record.changes.some(({ key, from, to }) => isLooser(key, from, to))
    )
      this.#granted = null;
  }

  #isMissing(): boolean {
    if (this.desk.goLiveRequired !== true) return false;
    const isForAnother =
      this.#granted?.incarnation !== this.#incarnation || this.#granted?.fileConfigHash !== this.fileHash();
    return isForAnother;
  }
}

function isLooser(key: string, from: DeclaredValue, to: DeclaredValue): boolean {
  return !key.startsWith('risk.') || to > from;
}
