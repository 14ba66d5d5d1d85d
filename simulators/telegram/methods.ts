/** The methods of the Bot API that are spoken here, with the refusals of the real one. */
import type { BotAccount } from './bot-account.js';
import { badRequest } from './refusal.js';
import { integer, object, type Parameters } from './request-body.js';
import type { Markup, Message } from './wire.js';

type Method = (bot: BotAccount, parameters: Parameters, gone: AbortSignal) => unknown;

const TEXT_LENGTH_MAX = 4_096;
const CALLBACK_BYTES_MAX = 64;
const ANSWER_LENGTH_MAX = 200;
const POLL_SECONDS_MAX = 50;
const HTML_TAGS = /^(b|strong|i|em|u|ins|s|strike|del|code|pre|a|blockquote|tg-spoiler|span)$/;

export const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['getme', (bot) => ({ ...bot.user, can_join_groups: true, can_read_all_group_messages: false })],
  ['deletewebhook', () => true],
  [
    'getwebhookinfo',
    (bot) => ({ url: '', has_custom_certificate: false, pending_update_count: bot.unconfirmed }),
  ],
  ['getupdates', getUpdates],
  ['setmycommands', setMyCommands],
  ['getmycommands', (bot) => bot.commands],
  ['getchat', (bot, parameters) => bot.chat(parameters.chat_id)],
  ['sendmessage', sendMessage],
  ['editmessagetext', editMessageText],
  ['editmessagereplymarkup', editMessageReplyMarkup],
  ['answercallbackquery', answerCallbackQuery],
  [
    'sendchataction',
    (bot, parameters) => {
      bot.chat(parameters.chat_id);
      return true;
    },
  ],
]);

function getUpdates(bot: BotAccount, parameters: Parameters, gone: AbortSignal): unknown {
  const allowed = object(parameters, 'allowed_updates');
  return bot.updates(
    {
      offset: integer(parameters, 'offset', 0),
      limit: Math.min(100, Math.max(1, integer(parameters, 'limit', 100))),
      timeoutMs: Math.min(POLL_SECONDS_MAX, integer(parameters, 'timeout', 0)) * 1_000,
      allowed: Array.isArray(allowed) ? (allowed as string[]) : null,
    },
    gone,
  );
}

function setMyCommands(bot: BotAccount, parameters: Parameters): true {
  const commands = object(parameters, 'commands');
  if (!Array.isArray(commands)) throw badRequest('parameter "commands" is required');
  for (const { command, description } of commands as { command?: unknown; description?: unknown }[]) {
    if (typeof command !== 'string' || !/^[a-z0-9_]{1,32}$/.test(command))
      throw badRequest('BOT_COMMAND_INVALID');
    if (typeof description !== 'string' || description.length < 1 || description.length > 256)
      throw badRequest('BOT_COMMAND_DESCRIPTION_INVALID');
  }
  bot.commands = commands as BotAccount['commands'];
  return true;
}

function sendMessage(bot: BotAccount, parameters: Parameters): Message {
  const chat = bot.chat(parameters.chat_id);
  const text = textOf(parameters);
  return bot.addMessage(chat, bot.user, text, { markup: markupOf(parameters) });
}

function editMessageText(bot: BotAccount, parameters: Parameters): Message {
  const message = editable(bot, parameters);
  const text = textOf(parameters);
  const markup = markupOf(parameters);
  refuseUnchanged(message, text, markup);
  message.text = text;
  return withMarkup(bot, message, markup);
}

function editMessageReplyMarkup(bot: BotAccount, parameters: Parameters): Message {
  const message = editable(bot, parameters);
  const markup = markupOf(parameters);
  refuseUnchanged(message, message.text, markup);
  return withMarkup(bot, message, markup);
}

function editable(bot: BotAccount, parameters: Parameters): Message {
  const chat = bot.chat(parameters.chat_id);
  const message = bot.messageOf(chat.id, integer(parameters, 'message_id', 0));
  if (!message) throw badRequest('message to edit not found');
  if (message.from.id !== bot.user.id) throw badRequest("message can't be edited");
  return message;
}

function refuseUnchanged(message: Message, text: string, markup: Markup | undefined): void {
  if (message.text === text && JSON.stringify(message.reply_markup) === JSON.stringify(markup))
    throw badRequest(
      'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
    );
}

function withMarkup(bot: BotAccount, message: Message, markup: Markup | undefined): Message {
  if (markup) message.reply_markup = markup;
  else delete message.reply_markup;
  message.edit_date = Math.floor(bot.nowMs() / 1_000);
  return message;
}

function answerCallbackQuery(bot: BotAccount, parameters: Parameters): true {
  const text = String(parameters.text ?? '');
  if (text.length > ANSWER_LENGTH_MAX) throw badRequest('MESSAGE_TOO_LONG');
  const query = bot.callbacks.get(String(parameters.callback_query_id));
  if (!query) throw badRequest('query is too old and response timeout expired or query ID is invalid');
  query.answer = text;
  return true;
}

function textOf(parameters: Parameters): string {
  // The real one cuts white space at both ends.
  const text = String(parameters.text ?? '').trim();
  const shown = parameters.parse_mode === 'HTML' ? htmlText(text) : text;
  if (shown === '') throw badRequest('message text is empty');
  if (shown.length > TEXT_LENGTH_MAX) throw badRequest('message is too long');
  return shown;
}

function htmlText(text: string): string {
  const open: string[] = [];
  const plain = text.replace(
    /<(\/?)([^\s>]*)[^>]*(>|$)/g,
    (_all, end: string, tag: string, close: string) => {
      if (close === '' || !HTML_TAGS.test(tag))
        throw badRequest(`can't parse entities: Unsupported start tag "${tag}"`);
      if (end === '') open.push(tag);
      else if (open.pop() !== tag) throw badRequest("can't parse entities: Unmatched end tag");
      return '';
    },
  );
  if (open.length > 0)
    throw badRequest(`can't parse entities: Can't find end tag corresponding to "${open.at(-1)}"`);
  return plain
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

function markupOf(parameters: Parameters): Markup | undefined {
  const markup = object(parameters, 'reply_markup') as Partial<Markup> | undefined;
  if (markup?.inline_keyboard === undefined) return undefined;
  if (!Array.isArray(markup.inline_keyboard)) throw badRequest("can't parse inline keyboard");
  for (const button of markup.inline_keyboard.flat()) {
    if (typeof button?.text !== 'string' || button.text === '') throw badRequest('BUTTON_TEXT_INVALID');
    const bytes = Buffer.byteLength(button.callback_data ?? '');
    if (button.url === undefined && (bytes < 1 || bytes > CALLBACK_BYTES_MAX))
      throw badRequest('BUTTON_DATA_INVALID');
  }
  return markup.inline_keyboard.flat().length === 0 ? undefined : (markup as Markup);
}
