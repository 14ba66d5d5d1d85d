/** sendDocument and sendPhoto: a file in the form, the id of a file sent before, or a web address. */
import { createHash } from 'node:crypto';
import type { BotAccount } from './bot-account.js';
import type { Formatted } from './formatting/entities.js';
import { readText } from './formatting/read-text.js';
import { markupOf } from './markup.js';
import { badRequest, Refusal } from './refusal.js';
import { FilePart, integer, type Parameters } from './request-body.js';
import { type DocumentSent, type FileSent, type PhotoSent, shownMessage } from './wire.js';

const CAPTION_LENGTH_MAX = 1024;
const DOCUMENT_BYTES_MAX = 50 * 1024 * 1024;
const PHOTO_BYTES_MAX = 10 * 1024 * 1024;
/** Limit on a photo's width plus height. */
const SIDES_MAX = 10_000;

export function sendDocument(bot: BotAccount, parameters: Parameters): object {
  const caption = captionOf(parameters);
  const chat = bot.chat(parameters.chat_id);
  const topic = bot.topicOf(chat, integer(parameters, 'message_thread_id', 0));
  const given = parameters.document;
  const part = partOf(parameters, given);
  const document = part === null ? knownDocument(bot, given) : newDocument(part);
  bot.flood.count(chat);
  const markup = markupOf(parameters);
  return shownMessage(
    bot.addMessage(chat, bot.user, caption.text, { markup, entities: caption.entities, document, topic }),
  );
}

export function sendPhoto(bot: BotAccount, parameters: Parameters): object {
  const caption = captionOf(parameters);
  const chat = bot.chat(parameters.chat_id);
  const topic = bot.topicOf(chat, integer(parameters, 'message_thread_id', 0));
  const given = parameters.photo;
  const part = partOf(parameters, given);
  const photo = part === null ? knownPhoto(bot, given) : [newPhoto(part)];
  bot.flood.count(chat);
  const markup = markupOf(parameters);
  return shownMessage(
    bot.addMessage(chat, bot.user, caption.text, { markup, entities: caption.entities, photo, topic }),
  );
}

function captionOf(parameters: Parameters): Formatted {
  const caption = readText(parameters, { text: 'caption', entities: 'caption_entities' });
  if (caption.text.length > CAPTION_LENGTH_MAX) throw badRequest('message caption is too long');
  return caption;
}

/** The file itself, or the part of the form that `attach://` names; null for an id or an address. */
function partOf(parameters: Parameters, given: unknown): FilePart | null {
  if (given instanceof FilePart) return given;
  const attached = /^attach:\/\/(.+)$/.exec(String(given ?? ''))?.[1];
  if (attached === undefined) return null;
  const part = parameters[attached];
  if (!(part instanceof FilePart)) throw badRequest('wrong file identifier/HTTP URL specified');
  return part;
}

function sent(part: FilePart, bytesMax: number): FileSent {
  if (part.content.length === 0) throw badRequest('file must be non-empty');
  if (part.content.length > bytesMax) throw new Refusal(413, 'Request Entity Too Large');
  const digest = createHash('sha256').update(part.content).digest('base64url');
  return { file_id: `BQAC${digest}`, file_unique_id: digest.slice(0, 15), file_size: part.content.length };
}

function newDocument(part: FilePart): DocumentSent {
  return { ...sent(part, DOCUMENT_BYTES_MAX), file_name: part.name, mime_type: part.type };
}

function newPhoto(part: FilePart): PhotoSent {
  const file = sent(part, PHOTO_BYTES_MAX);
  const size = pngSize(part.content) ?? jpegSize(part.content);
  if (size === null) throw badRequest('IMAGE_PROCESS_FAILED');
  if (size.width + size.height > SIDES_MAX) throw badRequest('PHOTO_INVALID_DIMENSIONS');
  return { ...file, ...size };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function pngSize(content: Buffer): Size | null {
  if (content.length < 24 || content.readUInt32BE(0) !== 0x89504e47) return null;
  return { width: content.readUInt32BE(16), height: content.readUInt32BE(20) };
}

/** Read from the first frame header. */
function jpegSize(content: Buffer): Size | null {
  if (content.length < 4 || content.readUInt16BE(0) !== 0xffd8) return null;
  for (let at = 2; at + 9 < content.length && content[at] === 0xff; ) {
    const marker = content[at + 1] ?? 0;
    const frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (frame) return { width: content.readUInt16BE(at + 7), height: content.readUInt16BE(at + 5) };
    at += 2 + content.readUInt16BE(at + 2);
  }
  return null;
}

function knownDocument(bot: BotAccount, given: unknown): DocumentSent {
  const known = [...bot.messages.values()].find(({ document }) => document?.file_id === given)?.document;
  if (known === undefined) throw unknownFile(given, 'document');
  return known;
}

function knownPhoto(bot: BotAccount, given: unknown): readonly PhotoSent[] {
  const known = [...bot.messages.values()].find(({ photo }) =>
    photo?.some(({ file_id }) => file_id === given),
  );
  if (known?.photo === undefined) throw unknownFile(given, 'photo');
  return known.photo;
}

/** Nothing is fetched from the web here: an address is refused as unreachable. */
function unknownFile(given: unknown, what: string): Refusal {
  if (given === undefined || given === '') return badRequest(`there is no ${what} in the request`);
  return /^https?:\/\//.test(String(given))
    ? badRequest('failed to get HTTP URL content')
    : badRequest('wrong file identifier/HTTP URL specified');
}
