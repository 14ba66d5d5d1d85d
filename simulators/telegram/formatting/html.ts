/** `parse_mode: HTML`: tags, attributes and entities as Telegram reads them, with its refusals. */
import { byteOffset, cantParse, type Entity, type Formatted, linkEntity } from './entities.js';

const TYPES: Readonly<Record<string, string>> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  'tg-spoiler': 'spoiler',
  span: 'spoiler',
  blockquote: 'blockquote',
  code: 'code',
  pre: 'pre',
  a: 'link',
  'tg-emoji': 'custom_emoji',
};
const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };
const ENTITY = /^&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(lt|gt|amp|quot));?/i;

interface Open {
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly offset: number;
}

export function parseHtml(input: string): Formatted {
  let text = '';
  let index = 0;
  const open: Open[] = [];
  const entities: Entity[] = [];
  while (index < input.length) {
    const char = input[index];
    if (char === '&') {
      const { shown, width } = decoded(input, index);
      text += shown;
      index += width;
    } else if (char !== '<') {
      text += char;
      index += 1;
    } else if (input[index + 1] === '/') {
      index = endTag(index);
    } else {
      const { tag, attributes, end } = startTag(input, index);
      open.push({ tag, attributes, offset: text.length });
      index = end;
    }
  }
  const left = open.at(-1);
  if (left !== undefined) throw cantParse(`Can't find end tag corresponding to start tag "${left.tag}"`);
  return { text, entities: joinPre(entities) };

  function endTag(at: number): number {
    const started = open.pop();
    const where = byteOffset(input, at);
    if (started === undefined) throw cantParse(`Unexpected end tag at byte offset ${where}`);
    const match = /^<\/([^\s>]*)\s*/.exec(input.slice(at)) as RegExpExecArray;
    const end = at + match[0].length;
    if (input[end] !== '>') throw cantParse(`Unclosed end tag at byte offset ${where}`);
    const name = (match[1] ?? '').toLowerCase();
    if (name !== '' && name !== started.tag) {
      throw cantParse(
        `Unmatched end tag at byte offset ${where}, expected "</${started.tag}>", found "</${name}>"`,
      );
    }
    const entity = entityOf(started, text);
    if (entity !== null && entity.length > 0) entities.push(entity);
    return end + 1;
  }
}

function decoded(input: string, index: number): { shown: string; width: number } {
  const match = ENTITY.exec(input.slice(index, index + 12));
  if (match === null) return { shown: '&', width: 1 };
  const [whole, decimal, hex, name] = match;
  if (name !== undefined) {
    const shown = NAMED[name];
    return shown === undefined ? { shown: '&', width: 1 } : { shown, width: whole.length };
  }
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  if (code === 0 || code > 0x10ffff) return { shown: '&', width: 1 };
  if (code >= 0xd800 && code <= 0xdfff) {
    throw cantParse(
      'Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units',
    );
  }
  return { shown: String.fromCodePoint(code), width: whole.length };
}

interface Tag {
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Index after the closing bracket. */
  readonly end: number;
}

function startTag(input: string, at: number): Tag {
  const where = byteOffset(input, at);
  const name = /^[^\s>]*/.exec(input.slice(at + 1))?.[0] ?? '';
  let index = at + 1 + name.length;
  if (index >= input.length) throw cantParse(`Unclosed start tag at byte offset ${where}`);
  const tag = name.toLowerCase();
  if (TYPES[tag] === undefined) throw cantParse(`Unsupported start tag "${tag}" at byte offset ${where}`);
  const attributes = new Map<string, string>();
  for (;;) {
    index += spaces(input, index);
    if (index >= input.length) throw cantParse(`Unclosed start tag "${tag}" at byte offset ${where}`);
    if (input[index] === '>') break;
    const attribute = /^[^\s=>]*/.exec(input.slice(index))?.[0] ?? '';
    if (attribute === '') {
      throw cantParse(`Empty attribute name in the tag "${tag}" at byte offset ${where}`);
    }
    index += attribute.length;
    index += spaces(input, index);
    let value = '';
    if (input[index] === '=') {
      index += 1;
      index += spaces(input, index);
      if (index >= input.length) throw cantParse(`Unclosed start tag "${tag}" at byte offset ${where}`);
      ({ value, index } = attributeValue(input, index, where));
    }
    attributes.set(attribute.toLowerCase(), value);
  }
  checkAttributes(tag, attributes, where);
  return { tag, attributes, end: index + 1 };
}

function spaces(input: string, index: number): number {
  return /^\s*/.exec(input.slice(index))?.[0].length ?? 0;
}

function attributeValue(input: string, at: number, tagAt: number): { value: string; index: number } {
  const quote = input[at];
  if (quote !== '"' && quote !== "'") {
    const value = /^[a-z0-9.-]*/i.exec(input.slice(at))?.[0] ?? '';
    const index = at + value.length;
    if (index < input.length && !/[\s>]/.test(input[index] ?? '')) {
      throw cantParse(`Unexpected end of name token at byte offset ${byteOffset(input, at)}`);
    }
    return { value: value.toLowerCase(), index };
  }
  let value = '';
  let index = at + 1;
  while (index < input.length && input[index] !== quote) {
    const step = input[index] === '&' ? decoded(input, index) : { shown: input[index] ?? '', width: 1 };
    value += step.shown;
    index += step.width;
  }
  if (index >= input.length) throw cantParse(`Unclosed start tag at byte offset ${tagAt}`);
  return { value, index: index + 1 };
}

function checkAttributes(tag: string, attributes: ReadonlyMap<string, string>, where: number): void {
  if (tag === 'span' && attributes.get('class') !== 'tg-spoiler') {
    throw cantParse(`Tag "span" must have class "tg-spoiler" at byte offset ${where}`);
  }
  if (tag === 'tg-emoji' && !/^\d{1,19}$/.test(attributes.get('emoji-id') ?? ''))
    throw cantParse('Invalid custom emoji identifier specified');
}

function entityOf({ tag, attributes, offset }: Open, text: string): Entity | null {
  const length = text.length - offset;
  const type = TYPES[tag] ?? tag;
  if (tag === 'a') return linkEntity(attributes.get('href') || text.slice(offset), offset, length);
  if (tag === 'tg-emoji') {
    return { type, offset, length, custom_emoji_id: attributes.get('emoji-id') ?? '' };
  }
  if (tag === 'blockquote' && attributes.has('expandable')) {
    return { type: 'expandable_blockquote', offset, length };
  }
  const language = /^language-(.+)$/.exec(attributes.get('class') ?? '')?.[1];
  return tag === 'code' && language !== undefined
    ? { type, offset, length, language }
    : { type, offset, length };
}

/** Code with a language that exactly fills a block becomes one block in that language. */
function joinPre(entities: readonly Entity[]): Entity[] {
  const same = (a: Entity, b: Entity) => a.offset === b.offset && a.length === b.length;
  const joined = entities.flatMap((entity) => {
    if (entity.type === 'pre') {
      const code = entities.find((one) => one.language !== undefined && same(one, entity));
      return code?.language === undefined ? [entity] : [{ ...entity, language: code.language }];
    }
    if (entity.language === undefined) return [entity];
    if (entities.some((one) => one.type === 'pre' && same(one, entity))) return [];
    const { language: _language, ...plain } = entity;
    return [plain];
  });
  return joined;
}
