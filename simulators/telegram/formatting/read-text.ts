/** The text of a message or caption: formatted by its mode, or by the entities that came with it. */
import { badRequest } from '../refusal.js';
import { object, type Parameters } from '../request-body.js';
import { type Entity, type Formatted, trimmed, webAddress } from './entities.js';
import { parseHtml } from './html.js';
import { parseMarkdown } from './markdown.js';
import { parseMarkdownV2 } from './markdown-v2.js';

const PARSERS: Readonly<Record<string, (text: string) => Formatted>> = {
  html: parseHtml,
  markdown: parseMarkdown,
  markdownv2: parseMarkdownV2,
};
const TYPES = new Set([
  'bold',
  'italic',
  'underline',
  'strikethrough',
  'spoiler',
  'blockquote',
  'expandable_blockquote',
  'code',
  'pre',
  'text_link',
  'text_mention',
  'custom_emoji',
]);
/** Telegram finds these in the text by itself and ignores them in a request. */
const DETECTED = /^(mention|hashtag|cashtag|bot_command|url|email|phone_number|bank_card_number)$/;

export function readText(
  parameters: Parameters,
  names: { readonly text: string; readonly entities: string },
): Formatted {
  const value = parameters[names.text];
  const text = value === undefined || value === null ? '' : String(value);
  const mode = String(parameters.parse_mode ?? '').toLowerCase();
  const given = object(parameters, names.entities);
  if (mode === '') return trimmed({ text, entities: readEntities(given, text) });
  const parse = PARSERS[mode];
  if (parse === undefined) throw badRequest('unsupported parse_mode');
  return trimmed(parse(text));
}

function readEntities(given: unknown, text: string): Entity[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) throw badRequest("can't parse entities JSON object");
  return given.flatMap((value: unknown) => {
    const entity = value as Partial<Entity>;
    const { type, offset, length, url } = entity ?? {};
    if (typeof type !== 'string') throw badRequest('can\'t parse MessageEntity: Can\'t find field "type"');
    if (DETECTED.test(type)) return [];
    if (!TYPES.has(type)) throw badRequest("can't parse MessageEntity: Unsupported type specified");
    if (!Number.isInteger(offset) || !Number.isInteger(length))
      throw badRequest('can\'t parse MessageEntity: Field "offset" or "length" must be of type Number');
    const from = Number(offset);
    const to = Math.min(text.length, from + Number(length));
    if (from < 0 || to <= from) return [];
    if (type !== 'text_link') return [{ ...(entity as Entity), offset: from, length: to - from }];
    const address = webAddress(String(url ?? ''));
    if (address === null) throw badRequest(`entity URL '${String(url ?? '')}' is invalid: Wrong HTTP URL`);
    return [{ type, offset: from, length: to - from, url: address }];
  });
}
