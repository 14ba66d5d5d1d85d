/** The bot while it runs: alerts from the outbox, commands, and the buttons of approvals. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Update } from 'grammy/types';
import type { Desk } from '../desk/schema.js';
import { messageOf } from '../domain/message-of.js';
import type { Role } from '../home/runtime.js';
import { runAddressAt } from '../home/started-desks.js';
import { keepDoing } from '../home/try-again.js';
import { keepTelegramProof, TEST_EVENT, type TelegramCredentials } from '../notify/channel-credentials.js';
import { forgedRowTeller } from '../notify/tell-forged-row.js';
import type { Operations } from '../operations/operations.js';
import { telegramMaker } from '../store/access-rows.js';
import type { Delivery } from '../store/outbox.js';
import { newestMessages, readBotState, savePoll, savePollProblem } from '../store/outbox-delivery.js';
import type { Pool } from '../store/pool.js';
import type { TraderClient } from '../trader/client.js';
import { type BotContext, type BotLog, type TelegramBot, Turns } from './bot-context.js';
import { buildBot, CHAT_COMMANDS, newBot } from './build-bot.js';
import { isStop } from './commands/stop.js';
import { KnownPeople } from './known-people.js';
import { keepNotices } from './reading/journal-notices.js';
import { pollForEver, senderOf, turnOfBot } from './reading/poll-updates.js';
import { ChatWatch } from './sending/chat-watch.js';
import { closeButtons, deliverOnce } from './sending/deliver-outbox.js';
import { SendLane, SentMessages, sentFileOf } from './sending/send-lane.js';
import { grammySignal, outcomeOfError } from './sending/send-outcome.js';
import { votedOn } from './taps.js';

export interface TelegramTiming {
  readonly deliverEveryMs: number;
  readonly settleMs: number;
  readonly pollSeconds: number;
  readonly retryMs: number;
  readonly askEveryMs: number;
}

export const TELEGRAM_TIMING: TelegramTiming = {
  deliverEveryMs: 100,
  settleMs: 5_000,
  pollSeconds: 30,
  retryMs: 3_000,
  askEveryMs: 20_000,
};

const UPKEEP_EVERY_MS = 2_000;
const TELL_EVERY_MS = 2_000;
/** With this many requests for results or charts in line, the next person is told to ask again. */
const RESULTS_IN_LINE_MAX = 5;

interface TelegramParts {
  readonly home: string;
  readonly desk: Desk;
  readonly credentials: TelegramCredentials;
  readonly pool: Pool;
  readonly trader: TraderClient;
  readonly operations: Operations;
  readonly log: BotLog;
  readonly timing?: TelegramTiming;
}

export function runTelegram(parts: TelegramParts): Role {
  const { home, desk, credentials, pool, log } = parts;
  const timing = parts.timing ?? TELEGRAM_TIMING;
  const bot = newBot(credentials.token, credentials.apiRoot);
  const lane = new SendLane(
    bot.api,
    () => performance.now(),
    new SentMessages(sentFileOf(home, credentials.token)),
  );
  const onForged = forgedRowTeller({
    ...{ desk, home, pool, nowMs: Date.now },
    log: (problem) => log('error', problem),
  });
  const people = new KnownPeople(desk, home, onForged);
  const context: BotContext = {
    ...parts,
    lane,
    results: new Turns(RESULTS_IN_LINE_MAX),
    people,
    chatId: credentials.chatId,
    nowMs: Date.now,
    runAddress: (workflowId) => runAddressAt(home, workflowId),
    maker: telegramMaker(home),
    onForged,
  };
  buildBot(bot, context);
  const watch = new ChatWatch({ ...context, home });
  const outbox = {
    ...context,
    watch,
    settleMs: timing.settleMs,
    onSent: async ({ event, chatId }: Delivery, messageId: number) => {
      if (event !== TEST_EVENT) return;
      const proof = { chatId, messageId, atMs: Date.now() };
      await keepTelegramProof(home, credentials.token, proof).catch((error: unknown) => {
        log('error', `that a test alert arrived could not be kept: ${messageOf(error)}`);
      });
    },
  };
  let seeded = false;
  const tasks = [
    keepDoing('notices to Telegram', log, async () => {
      // The links decide, once for each notice, where it goes.
      if (!seeded) await people.refresh(pool);
      seeded = seeded || (await seedMessageIds(lane, pool, desk.desk));
      return (await deliverOnce(outbox)) ? 0 : timing.deliverEveryMs;
    }),
    ...keepNotices(parts),
    keepDoing('people and buttons', log, async () => {
      await people.refresh(pool);
      await closeButtons(outbox);
      return UPKEEP_EVERY_MS;
    }),
    keepDoing('whether alerts arrive', log, async () => {
      await people.refresh(pool).catch(() => undefined);
      // Recorded even if a chat could not be resumed, so that the problem is shown.
      await watch.ask().finally(() => watch.tell());
      return timing.askEveryMs;
    }),
    keepDoing('how the bot is', log, async () => {
      await watch.tell();
      return TELL_EVERY_MS;
    }),
    keepDoing('updates from Telegram', log, async (stopping) => {
      await people.refresh(pool).catch(() => undefined);
      const problem = (why: string): void => {
        log('error', why);
        watch.readElsewhere(why);
        void savePollProblem(pool, desk.desk, why).catch(() => undefined);
      };
      const turn = await turnOfBot(home, credentials.token, problem, stopping);
      if (turn === null) return 0;
      watch.readElsewhere(null);
      await pollForEver(pollContext(context, timing, bot, watch), stopping).finally(() => turn.release());
      return 0;
    }),
  ];
  return {
    stop: async () => {
      lane.stop();
      await Promise.all(tasks.map((task) => task.stop()));
    },
  };
}

async function seedMessageIds(lane: SendLane, pool: Pool, desk: string): Promise<true> {
  for (const { chatId, messageId } of await newestMessages(pool, desk)) lane.saw(chatId, messageId);
  return true;
}

/** Polling and a webhook exclude each other: any existing webhook is removed. */
async function prepare(bot: TelegramBot, log: BotLog, stopping: AbortSignal): Promise<void> {
  // Not `bot.init`, which retries for ever in silence.
  bot.botInfo = await bot.api.getMe(grammySignal(stopping));
  await bot.api.deleteWebhook({ drop_pending_updates: false }, grammySignal(stopping));
  // Not awaited: Telegram takes a menu only so often, and no stop waits for one.
  void offerMenu(bot, log, stopping);
}

const MENU_AGAIN_MS = 60_000;

/** Never rejects. */
async function offerMenu(bot: TelegramBot, log: BotLog, stopping: AbortSignal): Promise<void> {
  const menu = CHAT_COMMANDS.map(({ name, description }) => ({ command: name, description }));
  while (!stopping.aborted) {
    const failed = await bot.api
      .setMyCommands(menu, {}, grammySignal(stopping))
      .then(() => null, outcomeOfError);
    if (failed === null || stopping.aborted) return;
    log('warn', `Telegram did not take the menu of commands: ${failed.reason}`);
    if (failed.kind === 'refused') return;
    const againMs = failed.kind === 'later' ? failed.afterMs : MENU_AGAIN_MS;
    await sleep(againMs, undefined, { signal: stopping }).catch(() => undefined);
  }
}

function pollContext(
  { desk, pool, people, log }: BotContext,
  timing: TelegramTiming,
  bot: TelegramBot,
  watch: ChatWatch,
) {
  return {
    api: bot.api,
    prepare: (stopping: AbortSignal) => prepare(bot, log, stopping),
    log,
    pollSeconds: timing.pollSeconds,
    retryMs: timing.retryMs,
    isStop,
    isLinked: (update: Update) => people.byTelegramUser(senderOf(update) ?? 0) !== null,
    voteOn: ({ callback_query: tap }: Update) => votedOn(tap?.data ?? ''),
    handle: (update: Update) =>
      bot.handleUpdate(update).catch((error: unknown) => {
        log('error', `an update was not dealt with: ${messageOf(error)}`);
      }),
    loadOffset: async () => (await readBotState(pool, desk.desk))?.updateOffset ?? 0,
    polled: (offset: number) => savePoll(pool, desk.desk, offset),
    problem: (text: string) => savePollProblem(pool, desk.desk, text),
    readElsewhere: (why: string | null) => watch.readElsewhere(why),
  };
}
