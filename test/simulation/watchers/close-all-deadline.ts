/** A close-all ends by its deadline, flat or escalated by name; a restart in the middle of it begins the time again. */
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import type { Moment, Watcher } from '../watcher.js';

/** Two ticks: a deadline is noticed at the next one. */
const NOTICED_MS_MAX = 2_000;

export class CloseAllDeadline implements Watcher {
  #sinceMs = 0;
  #thawedMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly book: FollowedBook,
    private readonly deadlineMs: number,
  ) {}

  restarted(_: readonly EngineRecord[], wallMs: number): void {
    this.#sinceMs = wallMs;
    this.book.escalated = false;
  }

  thawed(wallMs: number): void {
    this.#thawedMs = wallMs;
  }

  recorded(record: EngineRecord, { wallMs }: Moment): null {
    if (record.type === 'closeAll.begun') this.#sinceMs = wallMs;
    return null;
  }

  looked({ wallMs }: Moment): string | null {
    const { closing, escalated } = this.book;
    const openMs = wallMs - this.#sinceMs;
    if (!closing || escalated || openMs <= this.deadlineMs + NOTICED_MS_MAX) return null;
    if (wallMs - this.#thawedMs <= NOTICED_MS_MAX) return null;
    return `a close-all is open for ${openMs} ms and names nothing`;
  }
}
