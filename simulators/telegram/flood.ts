/** Limits on a bot's messages: in one chat, in a group within a minute, and everywhere within a second. */
import { Refusal } from './refusal.js';
import type { Chat } from './wire.js';

interface Bucket {
  left: number;
  atMs: number;
}

interface Rule {
  readonly most: number;
  readonly everyMs: number;
}

/** In a private chat: a burst, then one message a second. */
const PRIVATE: Rule = { most: 30, everyMs: 1000 };
/** Twenty in a minute. */
const GROUP: Rule = { most: 20, everyMs: 3000 };
/** Thirty in a second, over all chats. */
const ALL: Rule = { most: 30, everyMs: 1000 / 30 };

export class Flood {
  readonly #buckets = new Map<string, Bucket>();

  constructor(readonly nowMs: () => number) {}

  /** Throws the 429 that says when to retry; a refused message does not count. */
  count(chat: Chat): void {
    const rule = chat.type === 'private' ? PRIVATE : GROUP;
    const buckets: [Bucket, Rule][] = [
      [this.#bucket(String(chat.id), rule), rule],
      [this.#bucket('all', ALL), ALL],
    ];
    for (const [bucket, { everyMs }] of buckets) {
      if (bucket.left >= 1) continue;
      const seconds = Math.max(1, Math.ceil(((1 - bucket.left) * everyMs) / 1000));
      throw new Refusal(429, `Too Many Requests: retry after ${seconds}`, seconds);
    }
    for (const [bucket] of buckets) bucket.left -= 1;
  }

  #bucket(name: string, { most, everyMs }: Rule): Bucket {
    const nowMs = this.nowMs();
    const bucket = this.#buckets.get(name) ?? { left: most, atMs: nowMs };
    bucket.left = Math.min(most, bucket.left + Math.max(0, nowMs - bucket.atMs) / everyMs);
    bucket.atMs = nowMs;
    this.#buckets.set(name, bucket);
    return bucket;
  }
}
