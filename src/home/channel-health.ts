/**
 * The health of the bot and the mailer, each in its own file: readable while Postgres, or they themselves,
 * are down.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { homePaths } from './runtime.js';

/** The channels that carry notices to people, and their names in words. */
export const CHANNELS = ['telegram', 'mail'] as const;

export type Channel = (typeof CHANNELS)[number];

export const CHANNEL_WORDS: Readonly<Record<Channel, string>> = { telegram: 'on Telegram', mail: 'by mail' };

const WHO: Readonly<Record<Channel, string>> = { telegram: 'the bot', mail: 'the mailer' };

/** Whether notices reach people by this channel. */
const healthSchema = z.object({
  channel: z.enum(CHANNELS),
  state: z
    .enum(['ok', 'refusing', 'silent', 'off'])
    .describe('refusing: it takes nothing; silent: whether anything arrives is not known; off: not set up'),
  sinceMs: z.number().describe('Wall clock, milliseconds since 1970'),
  why: z
    .string()
    .nullable()
    .describe('In words; null while it is well. With ok: what people write or press that does not arrive'),
  nobody: z.literal(true).optional().describe('There is nobody whom it could tell'),
  waiting: z.number().describe('Alerts that have still to be delivered'),
  refused: z
    .number()
    .describe(
      'Alerts that were refused: on Telegram sent after the repair, summed up where older than a day; by mail those of a day',
    ),
});
export type ChannelHealth = Readonly<z.output<typeof healthSchema>>;

export const shownChannelSchema = healthSchema.extend({
  problem: z.string().nullable().describe('For people; null while it is well, or off'),
});
export type ShownChannel = Readonly<z.output<typeof shownChannelSchema>>;

/** Each channel reports its health at least this often. */
const SAID_EVERY_MS = 10_000;
/** An older report means that the channel is not running, or hangs. */
const SAID_AGE_MS_MAX = 45_000;

const fileSchema = z.strictObject({ saidMs: z.number(), health: z.strictObject(healthSchema.shape) });

const fileOf = (home: string, desk: string, channel: Channel): string =>
  join(homePaths(home).home, 'notify', `${channel}-health-${desk}.json`);

export function keepChannelHealth(home: string, desk: string, health: ChannelHealth, nowMs: number): void {
  const file = fileOf(home, desk, health.channel);
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify({ saidMs: nowMs, health }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The last report of the bot or the mailer, and its time. Null: this desk has never run one. */
export function lastHealth(home: string, desk: string, channel: Channel): z.infer<typeof fileSchema> | null {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(fileOf(home, desk, channel), 'utf8')));
  } catch {
    return null;
  }
}

/** What the bot or the mailer says of itself: recorded when it changes, and at intervals. */
export class SaidHealth {
  #last: ChannelHealth | null;
  #saidMs = 0;

  constructor(
    private readonly home: string,
    private readonly desk: string,
    channel: Channel,
    private readonly nowMs: () => number,
  ) {
    this.#last = lastHealth(home, desk, channel)?.health ?? null;
  }

  /** Before the first one of this process: the one of before. */
  get last(): ChannelHealth | null {
    return this.#last;
  }

  say(health: ChannelHealth): void {
    const isSame = JSON.stringify(health) === JSON.stringify(this.#last);
    // The clock may have been set back: for others, what was said would be of a time to come.
    const isRecent = Math.abs(this.nowMs() - this.#saidMs) < SAID_EVERY_MS;
    if (isSame && isRecent) return;
    keepChannelHealth(this.home, this.desk, health, this.nowMs());
    this.#last = health;
    this.#saidMs = this.nowMs();
  }
}

/** One entry for each channel: Telegram once this desk has run a bot, mail if it is set up. */
export function channelHealth(home: string, desk: string, nowMs: number): readonly ShownChannel[] {
  return CHANNELS.flatMap((channel) => shownChannel(home, desk, channel, nowMs) ?? []).filter(
    ({ channel, state }) => channel === 'telegram' || state !== 'off',
  );
}

/** The health now. Null: this desk has never run this channel. */
export function shownChannel(
  home: string,
  desk: string,
  channel: Channel,
  nowMs: number,
): ShownChannel | null {
  const said = lastHealth(home, desk, channel);
  if (said === null) return null;
  const { health, saidMs } = said;
  // A channel that has reported why it is not running need not report again.
  if (health.state === 'off' || health.state === 'silent' || Math.abs(nowMs - saidMs) <= SAID_AGE_MS_MAX)
    return shown(health);
  const why = `${WHO[channel]} has not said for a while how it is: it does not run, or hangs (\`fermata logs\`)`;
  return shown({ ...health, state: 'silent', sinceMs: saidMs, why });
}

/** Whether any channel is set up. If none is, no notices were sent and there are none to count. */
export const isTold = (home: string, desk: string, nowMs: number): boolean =>
  channelHealth(home, desk, nowMs).some(({ state }) => state !== 'off');

function shown(health: ChannelHealth): ShownChannel {
  const { channel, state, why, waiting, refused } = health;
  if (state === 'ok' || state === 'off') return { ...health, problem: null };
  const left = waiting + refused === 0 ? '' : ` Not delivered so far: ${waiting + refused}.`;
  return { ...health, problem: `Alerts do not arrive ${CHANNEL_WORDS[channel]}: ${why}.${left}` };
}
