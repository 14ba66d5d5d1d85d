/** How the bot is: kept by itself in a file, so that it is read while Postgres is down and the bot is gone. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { homePaths } from './runtime.js';

/** Whether what people are told reaches them, by the channel that it takes. */
export const CHANNEL_STATES = ['ok', 'refusing', 'silent', 'off'] as const;

export interface ChannelHealth {
  readonly channel: 'telegram';
  /** `refusing`: it answers, and takes nothing; `silent`: nobody knows whether anything arrives; `off`: not set up. */
  readonly state: (typeof CHANNEL_STATES)[number];
  readonly sinceMs: number;
  /** In words; null while it is well. */
  readonly why: string | null;
  /** Alerts that have still to be delivered. */
  readonly waiting: number;
  /** Alerts that were refused: sent after the repair, or summed up where they are older than a day. */
  readonly refused: number;
}

export interface ShownChannel extends ChannelHealth {
  /** What people are told of it; null while it is well, or off. */
  readonly problem: string | null;
}

/** The bot says how it is at least this often. */
export const SAID_EVERY_MS = 10_000;
/** Said longer ago: it does not run, or hangs. */
const SAID_AGE_MS_MAX = 45_000;

const schema = z.strictObject({
  channel: z.literal('telegram'),
  state: z.enum(CHANNEL_STATES),
  sinceMs: z.number(),
  why: z.string().nullable(),
  waiting: z.number(),
  refused: z.number(),
});
const fileSchema = z.strictObject({ saidMs: z.number(), health: schema });

const fileOf = (home: string, desk: string): string =>
  join(homePaths(home).home, 'notify', `telegram-health-${desk}.json`);

export function keepChannelHealth(home: string, desk: string, health: ChannelHealth, nowMs: number): void {
  const file = fileOf(home, desk);
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify({ saidMs: nowMs, health }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** What the bot said last, and when; null before one of this desk has ever run. */
export function lastHealth(home: string, desk: string): z.infer<typeof fileSchema> | null {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(fileOf(home, desk), 'utf8')));
  } catch {
    return null;
  }
}

/** One entry a channel; none before a bot of this desk has ever run. */
export function channelHealth(home: string, desk: string, nowMs: number): readonly ShownChannel[] {
  const said = lastHealth(home, desk);
  if (said === null) return [];
  const { health, saidMs } = said;
  // What does not run, and has said why, has nothing more to say.
  if (health.state === 'off' || health.state === 'silent' || nowMs - saidMs <= SAID_AGE_MS_MAX)
    return [shown(health)];
  const why = 'the bot has not said for a while how it is: it does not run, or hangs (`fermata logs`)';
  return [shown({ ...health, state: 'silent', sinceMs: saidMs, why })];
}

/** Whether a channel is set up: while none is, nothing was told that could be counted. */
export const isTold = (home: string, desk: string, nowMs: number): boolean =>
  channelHealth(home, desk, nowMs).some(({ state }) => state !== 'off');

function shown(health: ChannelHealth): ShownChannel {
  const { state, why, waiting, refused } = health;
  if (state === 'ok' || state === 'off') return { ...health, problem: null };
  const left = waiting + refused === 0 ? '' : ` Not delivered so far: ${waiting + refused}.`;
  return { ...health, problem: `Alerts do not arrive on Telegram: ${why}.${left}` };
}
