/** The methods of the Bot API that are built here, with the refusals of the real one. */
import type { BotAccount } from './bot-account.js';
import type { Formatted } from './formatting/entities.js';
import { readText } from './formatting/read-text.js';
import { markupOf } from './markup.js';
import { badRequest } from './refusal.js';
import { flag, integer, object, type Parameters } from './request-body.js';
import { sendDocument, sendPhoto } from './send-file.js';
import { type Chat, type Markup, type Message, shownMessage } from './wire.js';

type Method = (bot: BotAccount, parameters: Parameters, gone: AbortSignal) => unknown;

const TEXT_LENGTH_MAX = 4_096;
const ANSWER_LENGTH_MAX = 200;
const POLL_SECONDS_MAX = 50;
const WEBHOOK_CONNECTIONS = 40;

export const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['getme', getMe],
  ['setwebhook', setWebhook],
  ['deletewebhook', (bot, parameters) => webhook(bot, '', parameters)],
  ['getwebhookinfo', webhookInfo],
  ['getupdates', getUpdates],
  ['setmycommands', setMyCommands],
  ['getmycommands', (bot) => bot.commands],
  ['deletemycommands', deleteMyCommands],
  ['getchat', (bot, parameters) => fullChat(bot.chat(parameters.chat_id))],
  ['getchatmember', chatMember],
  ['sendmessage', sendMessage],
  ['senddocument', sendDocument],
  ['sendphoto', sendPhoto],
  ['deletemessage', deleteMessage],
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

function getMe(bot: BotAccount): object {
  return {
    ...bot.user,
    can_join_groups: true,
    can_read_all_group_messages: bot.readsAllOfGroups,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
    has_topics_enabled: false,
    allows_users_to_create_topics: false,
  };
}

/** The members of every full description of a chat. */
function fullChat(chat: Chat): object {
  return {
    ...chat,
    accent_color_id: 0,
    max_reaction_count: 11,
    accepted_gift_types: {
      unlimited_gifts: false,
      limited_gifts: false,
      unique_gifts: false,
      premium_subscription: false,
      gifts_from_channels: false,
    },
  };
}

function chatMember(bot: BotAccount, parameters: Parameters): object {
  const chat = bot.chat(parameters.chat_id);
  const id = integer(parameters, 'user_id', 0);
  if (id === bot.user.id)
    return { status: bot.administers.has(chat.id) ? 'administrator' : 'member', user: bot.user };
  const person = bot.people.get(id);
  if (!person) throw badRequest('user not found');
  return { status: 'member', user: person.user };
}

function setWebhook(bot: BotAccount, parameters: Parameters): true {
  const url = String(parameters.url ?? '');
  if (url !== '' && !url.startsWith('https://'))
    throw badRequest('bad webhook: An HTTPS URL must be provided for webhook');
  return webhook(bot, url, parameters);
}

function webhook(bot: BotAccount, url: string, parameters: Parameters): true {
  bot.setWebhook(url, flag(parameters, 'drop_pending_updates'));
  return true;
}

function webhookInfo(bot: BotAccount): object {
  const { webhook: url, unconfirmed: pending_update_count } = bot;
  const set = url === '' ? {} : { max_connections: WEBHOOK_CONNECTIONS };
  return { url, has_custom_certificate: false, pending_update_count, ...set };
}

async function getUpdates(bot: BotAccount, parameters: Parameters, gone: AbortSignal): Promise<unknown> {
  const allowed = object(parameters, 'allowed_updates');
  const updates = await bot.updates(
    {
      offset: integer(parameters, 'offset', 0),
      limit: Math.min(100, Math.max(1, integer(parameters, 'limit', 100))),
      timeoutMs: Math.min(POLL_SECONDS_MAX, integer(parameters, 'timeout', 0)) * 1_000,
      allowed: Array.isArray(allowed) ? (allowed as string[]) : null,
    },
    gone,
  );
  return updates.map((update) => {
    const { callback_query: query } = update;
    return query === undefined
      ? update
      : { ...update, callback_query: { ...query, message: shownMessage(query.message) } };
  });
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

function deleteMyCommands(bot: BotAccount): true {
  bot.commands = [];
  return true;
}

function sendMessage(bot: BotAccount, parameters: Parameters): Message {
  // The text is checked before the chat is looked up.
  const { text, entities } = textOf(parameters);
  const chat = bot.chat(parameters.chat_id);
  const topic = bot.topicOf(chat, integer(parameters, 'message_thread_id', 0));
  const markup = markupOf(parameters);
  bot.flood.count(chat);
  return bot.addMessage(chat, bot.user, text, { markup, entities, topic });
}

function editMessageText(bot: BotAccount, parameters: Parameters): object {
  const { text, entities } = textOf(parameters);
  const message = editable(bot, parameters);
  if (message.document !== undefined || message.photo !== undefined)
    throw badRequest('there is no text in the message to edit');
  const markup = markupOf(parameters);
  refuseUnchanged(message, { text, entities }, markup);
  message.text = text;
  if (entities.length > 0) message.entities = entities;
  else delete message.entities;
  return withMarkup(bot, message, markup);
}

function editMessageReplyMarkup(bot: BotAccount, parameters: Parameters): object {
  const message = editable(bot, parameters);
  const markup = markupOf(parameters);
  refuseUnchanged(message, { text: message.text, entities: message.entities ?? [] }, markup);
  return withMarkup(bot, message, markup);
}

function deleteMessage(bot: BotAccount, parameters: Parameters): true {
  const chat = bot.chat(parameters.chat_id);
  const id = integer(parameters, 'message_id', 0);
  if (!bot.messages.delete(`${chat.id}:${id}`)) throw badRequest('message to delete not found');
  return true;
}

function editable(bot: BotAccount, parameters: Parameters): Message {
  const chat = bot.chat(parameters.chat_id);
  const message = bot.messageOf(chat.id, integer(parameters, 'message_id', 0));
  if (!message) throw badRequest('message to edit not found');
  if (message.from.id !== bot.user.id) throw badRequest("message can't be edited");
  return message;
}

function refuseUnchanged(message: Message, next: Formatted, markup: Markup | undefined): void {
  const same =
    message.text === next.text &&
    JSON.stringify(message.entities ?? []) === JSON.stringify(next.entities) &&
    JSON.stringify(message.reply_markup) === JSON.stringify(markup);
  if (same)
    throw badRequest(
      'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
    );
}

function withMarkup(bot: BotAccount, message: Message, markup: Markup | undefined): object {
  if (markup) message.reply_markup = markup;
  else delete message.reply_markup;
  message.edit_date = Math.floor(bot.nowMs() / 1_000);
  return shownMessage(message);
}

function answerCallbackQuery(bot: BotAccount, parameters: Parameters): true {
  const text = String(parameters.text ?? '');
  if (text.length > ANSWER_LENGTH_MAX) throw badRequest('MESSAGE_TOO_LONG');
  const query = bot.callbacks.get(String(parameters.callback_query_id));
  if (!query) throw badRequest('query is too old and response timeout expired or query ID is invalid');
  query.answer = text;
  return true;
}

function textOf(parameters: Parameters): Formatted {
  const formatted = readText(parameters, { text: 'text', entities: 'entities' });
  if (formatted.text === '') throw badRequest('message text is empty');
  if (formatted.text.length > TEXT_LENGTH_MAX) throw badRequest('message is too long');
  return formatted;
}
