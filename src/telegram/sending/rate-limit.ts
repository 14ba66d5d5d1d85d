/**
 * How fast Telegram lets a bot write: a short burst to one chat, then one message a second; 20 a minute to a group.
 * Not grammY's throttler or auto-retry: they keep what waits in memory, where the outbox keeps it in Postgres and
 * knows of each message whether it arrived.
 */
import { setTimeout as sleep } from 'node:timers/promises';

interface Allowance {
  readonly burst: number;
  readonly everyMs: number;
}

const PRIVATE_CHAT: Allowance = { burst: 5, everyMs: 1_000 };
const GROUP: Allowance = { burst: 5, everyMs: 3_000 };
/** For all chats together. */
const ALL: Allowance = { burst: 20, everyMs: 40 };
const CHATS_KEPT = 1_000;

export class RateLimit {
  private readonly next = new Map<string, number>();
  private pausedUntilMs = 0;

  constructor(private readonly nowMs: () => number) {}

  /** After a 429: sends nothing for `ms` milliseconds. */
  pause(ms: number): void {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, this.nowMs() + ms);
  }

  /** Waits until a message may go to this chat; rejects if aborted. */
  async turn(chatId: string, signal: AbortSignal): Promise<void> {
    const own = chatId.startsWith('-') ? GROUP : PRIVATE_CHAT;
    const waitMs = Math.max(this.book(chatId, own), this.book('all', ALL), this.pausedUntilMs - this.nowMs());
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
  }

  /** Books a message and returns the milliseconds to wait. `next`: when each chat's burst would be full again. */
  private book(key: string, { burst, everyMs }: Allowance): number {
    const now = this.nowMs();
    const full = Math.max(this.next.get(key) ?? 0, now);
    this.next.delete(key);
    this.next.set(key, full + everyMs);
    const [oldest] = this.next.keys();
    if (this.next.size > CHATS_KEPT && oldest !== undefined) this.next.delete(oldest);
    return full + everyMs - now - burst * everyMs;
  }
}
