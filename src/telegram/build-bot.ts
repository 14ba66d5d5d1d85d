/** Who is writing, whether they may, and what happens then. Strangers get no answer and are recorded. */
import { Bot, type Context } from 'grammy';
import type { UserFromGetMe } from 'grammy/types';
import { eventsOnTelegram } from '../desk/notify-schema.js';
import { HOUR_MS, MINUTE_MS } from '../domain/civil-date.js';
import { UnfitText } from '../operations/operations.js';
import { addressOpenQuestions } from '../store/outbox.js';
import { linkByCode } from '../store/people.js';
import {
  answer,
  type BotContext,
  type ChatCommand,
  commandMessage,
  inTurn,
  placeOf,
  recordChatAudit,
  type TelegramBot,
} from './bot-context.js';
import { chartCommand } from './commands/chart-picture.js';
import { dailyCommand, profitCommand, tradesCommand } from './commands/results-commands.js';
import { helpWith, incidentCommand, statusCommand } from './commands/status.js';
import {
  closeAllCommand,
  isStop,
  resumeCommand,
  StopsGiven,
  stopArgument,
  stopCommand,
} from './commands/stop.js';
import type { KnownPerson } from './known-people.js';
import { cut } from './sending/send-lane.js';
import { TAP_HANDLERS, type Tap } from './taps.js';

/** For linked people. A new one is a file and a line here. */
const COMMANDS: readonly ChatCommand[] = [
  statusCommand,
  stopCommand,
  closeAllCommand,
  resumeCommand,
  incidentCommand,
  ...[profitCommand, dailyCommand, tradesCommand, chartCommand].map(inTurn),
];

export const CHAT_COMMANDS: readonly ChatCommand[] = [...COMMANDS, helpWith(COMMANDS)];

const STRANGER_TEXT_LENGTH_MAX = 100;
const PEOPLE_MS = 500;
/** Telegram's limit for the note of a button, in characters. */
const NOTE_LENGTH_MAX = 200;

export function buildBot(bot: TelegramBot, context: BotContext): void {
  const stops = new StopsGiven();
  const strangers = new StrangersTold();
  bot.use(async (ctx, next) => {
    // Of edited messages only a stop counts: anything else was answered as it was first written.
    if (ctx.editedMessage !== undefined && !isStop(ctx.update)) return;
    noteMessageIds(context, ctx);
    // A person who was removed a moment ago must not decide anything; a stop waits for nothing.
    if (!isStop(ctx.update)) await context.people.refreshWithin(context.pool, PEOPLE_MS);
    const known = ctx.from ? context.people.byTelegramUser(ctx.from.id) : null;
    if (known !== null) await next();
    // A person who was just linked has been answered already.
    else if (!(await triesToLink(context, ctx))) await onStranger(context, strangers, ctx);
  });
  bot.on(['message:text', 'edited_message:text'], async (ctx, next) => {
    const argument = stopArgument(ctx.msg.text, ctx.me.username);
    const message = commandMessage(ctx);
    const person = personOf(context, ctx);
    if (argument === null || !message || !person) await next();
    else if (stops.isNew(ctx.msg)) await stopCommand.run(context, person, { ...message, argument });
  });
  bot.command('start', (ctx) => onStart(context, ctx));
  for (const command of CHAT_COMMANDS) {
    bot.command(command.name, async (ctx) => {
      const message = commandMessage(ctx);
      const person = personOf(context, ctx);
      if (!message || !person) return;
      await command.run(context, person, message).catch(async (error: unknown) => {
        if (!(error instanceof UnfitText)) throw error;
        await answer(context, message.place, `❌ ${error.message}. Nothing was done: ${error.doThis}.`);
      });
    });
  }
  bot.on('callback_query:data', (ctx) => onTap(context, ctx));
  bot.on('message:text', async (ctx) => {
    if (ctx.chat.type === 'private')
      await answer(context, placeOf(ctx.message), 'That is no command. See /help.');
  });
}

export function newBot(token: string, apiRoot: string, botInfo?: UserFromGetMe): TelegramBot {
  return new Bot<Context>(token, { client: { apiRoot }, ...(botInfo ? { botInfo } : {}) });
}

/** People's messages use up message ids too. */
function noteMessageIds({ lane }: BotContext, { message }: Context): void {
  if (message) lane.saw(String(message.chat.id), message.message_id);
}

function personOf({ people }: BotContext, { from }: Context): KnownPerson | null {
  return from ? people.byTelegramUser(from.id) : null;
}

async function onStart(context: BotContext, ctx: Context): Promise<void> {
  const message = commandMessage(ctx);
  const person = personOf(context, ctx);
  if (message && person) await answer(context, message.place, `You are ${person.name}. See /help.`);
}

/** A code is accepted from every stranger, even from one whose link has ended. */
async function triesToLink(context: BotContext, ctx: Context): Promise<boolean> {
  const code = /^\/start(?:@\w+)?\s+(\S+)$/.exec(ctx.message?.text ?? '')?.[1];
  if (code === undefined || !ctx.from || !ctx.chat) return false;
  return linkPerson(context, {
    userId: ctx.from.id,
    chatId: ctx.chat.id,
    isPrivate: ctx.chat.type === 'private',
    code,
  });
}

async function onStranger(context: BotContext, strangers: StrangersTold, ctx: Context): Promise<void> {
  if (!ctx.from) return;
  const said = ctx.message?.text ?? ctx.callbackQuery?.data ?? '';
  await recordChatAudit(context, {
    person: `telegram:${ctx.from.id}`,
    action: 'telegram.stranger',
    // A code that was shown to the wrong bot or too late doesn't belong in the audit trail.
    parameters: { text: said.startsWith('/start') ? '/start' : said.slice(0, STRANGER_TEXT_LENGTH_MAX) },
    outcome: 'ignored',
    // One entry an hour, so that a stranger can't fill the audit trail.
    idempotencyKey: `telegram-stranger:${ctx.from.id}:${Math.floor(context.nowMs() / HOUR_MS)}`,
  });
  // Somebody in the desk's own chat was given access to it: only the link is missing.
  if (!ctx.message || String(ctx.chat?.id) !== context.chatId || !isToBot(ctx)) return;
  // Nobody may think that a stop was given.
  const everyMs = isStop(ctx.update) ? MINUTE_MS : HOUR_MS;
  if (!strangers.isDue(ctx.from.id, everyMs)) return;
  await answer(context, placeOf(ctx.message), ctx.message.sender_chat === undefined ? UNKNOWN : AS_GROUP);
}

const UNKNOWN =
  'I do not know who you are yet. On the desk’s machine: fermata login NAME, then fermata telegram link NAME. Nothing was done.';
/** As administrators who remain anonymous do: Telegram tells nobody who they are. */
const AS_GROUP =
  'You write here as a group, not as yourself, so I can’t know who you are. Write to me in a private chat, or stop being anonymous here. Nothing was done.';

/** In a group, people also write to each other and to other bots. */
function isToBot({ message, chat, me }: Context): boolean {
  const text = message?.text ?? '';
  const [isCommand, other] = /^\/\w+(?:@(\w+))?/.exec(text) ?? [];
  if (chat?.type === 'private' || stopArgument(text, me.username) !== null) return true;
  return isCommand !== undefined && (other ?? me.username).toLowerCase() === me.username.toLowerCase();
}

const STRANGERS_REMEMBERED_MAX = 1_000;

/** Each is told now and then: what they write must not use up what Telegram lets the bot write in the chat of the alerts. */
class StrangersTold {
  readonly #toldAt = new Map<number, number>();

  isDue(userId: number, everyMs: number): boolean {
    const now = performance.now();
    if (now - (this.#toldAt.get(userId) ?? Number.NEGATIVE_INFINITY) < everyMs) return false;
    this.#toldAt.delete(userId);
    this.#toldAt.set(userId, now);
    const [oldest] = this.#toldAt.keys();
    if (this.#toldAt.size > STRANGERS_REMEMBERED_MAX && oldest !== undefined) this.#toldAt.delete(oldest);
    return true;
  }
}

async function onTap(context: BotContext, ctx: Context): Promise<void> {
  const person = personOf(context, ctx);
  const query = ctx.callbackQuery;
  if (!person || query?.data === undefined || !query.message) return;
  const tap: Tap = {
    data: query.data,
    place: placeOf(query.message),
    messageId: query.message.message_id,
    text: 'text' in query.message ? (query.message.text ?? '') : '',
    updateId: ctx.update.update_id,
    note: async (text) => {
      // Telegram refuses a note that comes too late. The effect doesn't depend on it.
      const said = text === '' ? {} : { text: cut(text, NOTE_LENGTH_MAX) };
      return ctx.answerCallbackQuery(said).catch(() => false);
    },
  };
  const handler = TAP_HANDLERS.find(({ prefix }) => tap.data.startsWith(`${prefix}:`));
  if (handler) await handler.run(context, person, tap);
  else await tap.note('This button is not known here.');
}

const CODE_FORM = /^[A-Za-z0-9_-]{20,64}$/;

interface LinkAttempt {
  readonly userId: number;
  readonly chatId: number;
  readonly isPrivate: boolean;
  readonly code: string;
}

/**
 * /start CODE: links the sender to the person of a one-time code. True if somebody was linked. A wrong code
 * gets no answer: strangers learn nothing.
 */
async function linkPerson(context: BotContext, attempt: LinkAttempt): Promise<boolean> {
  const { pool, desk, people, maker, onForged } = context;
  // In a group everybody could read the code.
  if (!attempt.isPrivate || !CODE_FORM.test(attempt.code)) return false;
  const account = { telegramUserId: String(attempt.userId), chatId: String(attempt.chatId) };
  const person = await linkByCode(pool, maker, desk.desk, attempt.code, account, onForged);
  if (person === null) return false;
  await people.refresh(pool);
  await recordChatAudit(context, {
    person,
    action: 'telegram.link',
    parameters: { telegramUser: attempt.userId },
    outcome: 'linked',
  });
  const roles = people.byTelegramUser(attempt.userId)?.roles ?? [];
  const named = roles.length === 0 ? 'none on this desk' : roles.join(', ');
  const text = `You are ${person} on ${desk.desk} (roles: ${named}). See /help.`;
  await answer(context, { chatId: attempt.chatId }, text);
  if (eventsOnTelegram(desk.notify).includes('approval'))
    await addressOpenQuestions(pool, desk.desk, roles, account.chatId);
  return true;
}
