/** `parse_mode: MarkdownV2`, with its refusals: reserved characters need escapes, every entity must end. */
import { byteOffset, cantParse, type Entity, type Formatted, linkEntity } from './entities.js';

const RESERVED = new Set(']()>#+-=|{}.!');
/** The names in error messages. */
const NAMES = {
  bold: 'Bold',
  italic: 'Italic',
  underline: 'Underline',
  strikethrough: 'Strikethrough',
  spoiler: 'Spoiler',
  code: 'Code',
  pre: 'Pre',
  preCode: 'PreCode',
  link: 'TextUrl',
  emoji: 'CustomEmoji',
} as const;

interface Open {
  readonly kind: keyof typeof NAMES;
  readonly offset: number;
  readonly at: number;
  readonly language?: string;
}

interface Marker {
  readonly kind: keyof typeof NAMES;
  readonly width: number;
}

export function parseMarkdownV2(input: string): Formatted {
  return new Parser(input).parse();
}

class Parser {
  #text = '';
  #index = 0;
  #lineStart = true;
  #quote: { offset: number; openBefore: number } | null = null;
  readonly #open: Open[] = [];
  readonly #entities: Entity[] = [];

  constructor(readonly input: string) {}

  parse(): Formatted {
    while (this.#index < this.input.length) this.#step();
    this.#endQuote();
    const left = this.#open.at(-1);
    if (left !== undefined) throw this.#unended(left);
    return { text: this.#text, entities: this.#entities };
  }

  #step(): void {
    const { input } = this;
    const char = input[this.#index] ?? '';
    const inside = this.#open.at(-1);
    const verbatim = inside?.kind === 'code' || inside?.kind === 'pre' || inside?.kind === 'preCode';
    if (this.#lineStart && !verbatim && this.#quoteLine(char)) return;
    const next = input.charCodeAt(this.#index + 1);
    if (char === '\\' && next > 0 && next < 127) {
      this.#take(input[this.#index + 1] ?? '', 2);
      return;
    }
    if (verbatim) {
      if (char !== '`' || !this.#endVerbatim(inside)) this.#take(char, 1);
      return;
    }
    if (inside !== undefined && this.#ends(inside)) return;
    const marker = this.#begins();
    if (marker !== null) {
      this.#begin(marker);
      return;
    }
    if (RESERVED.has(char)) {
      throw cantParse(`Character '${char}' is reserved and must be escaped with the preceding '\\'`);
    }
    this.#take(char, 1);
  }

  #take(shown: string, width: number): void {
    this.#text += shown;
    this.#index += width;
    this.#lineStart = shown === '\n' && width === 1;
  }

  /** True if the line began or ended a quotation and something was read. */
  #quoteLine(char: string): boolean {
    this.#lineStart = false;
    if (char !== '>') {
      this.#endQuote();
      return false;
    }
    this.#quote ??= { offset: this.#text.length, openBefore: this.#open.length };
    this.#index += 1;
    return true;
  }

  #endQuote(): void {
    const quote = this.#quote;
    if (quote === null) return;
    this.#quote = null;
    if (this.#open.length > quote.openBefore) throw this.#unended(this.#open.at(-1) as Open);
    const length = this.#text.length - quote.offset - (this.#text.endsWith('\n') ? 1 : 0);
    if (length > 0) this.#entities.push({ type: 'blockquote', offset: quote.offset, length });
  }

  #at(marker: string): boolean {
    return this.input.startsWith(marker, this.#index);
  }

  #begins(): Marker | null {
    if (this.#at('```')) return { kind: 'pre', width: 3 };
    if (this.#at('__')) return { kind: 'underline', width: 2 };
    if (this.#at('||')) return { kind: 'spoiler', width: 2 };
    if (this.#at('![')) return { kind: 'emoji', width: 2 };
    const single = { _: 'italic', '*': 'bold', '~': 'strikethrough', '`': 'code', '[': 'link' } as const;
    const kind = single[(this.input[this.#index] ?? '') as keyof typeof single];
    return kind === undefined ? null : { kind, width: 1 };
  }

  #begin({ kind, width }: Marker): void {
    const at = this.#index;
    this.#index += width;
    this.#lineStart = false;
    let open: Open = { kind, offset: this.#text.length, at };
    if (kind === 'pre') {
      const language = /^[^\s`]+(?=\s)/.exec(this.input.slice(this.#index))?.[0];
      if (language !== undefined) {
        this.#index += language.length;
        open = { ...open, kind: 'preCode', language };
      }
      this.#index += /^(\r\n|\n\r|\n|\r)/.exec(this.input.slice(this.#index))?.[0].length ?? 0;
    }
    this.#open.push(open);
  }

  #endVerbatim(inside: Open): boolean {
    const marker = inside.kind === 'code' ? '`' : '```';
    if (!this.#at(marker)) return false;
    this.#close(inside, marker.length, {
      type: inside.kind === 'code' ? 'code' : 'pre',
      ...(inside.language === undefined ? {} : { language: inside.language }),
    });
    return true;
  }

  /** Ends the innermost open entity if its mark is here. */
  #ends(inside: Open): boolean {
    switch (inside.kind) {
      case 'bold':
        return this.#at('*') && this.#close(inside, 1, { type: 'bold' });
      case 'italic':
        // Two underscores mark an underline; of three, the first ends the italics.
        if (!this.#at('_') || (this.#at('__') && !this.#at('___'))) return false;
        return this.#close(inside, 1, { type: 'italic' });
      case 'underline':
        return this.#at('__') && this.#close(inside, 2, { type: 'underline' });
      case 'strikethrough':
        return this.#at('~') && this.#close(inside, 1, { type: 'strikethrough' });
      case 'spoiler':
        return this.#at('||') && this.#close(inside, 2, { type: 'spoiler' });
      case 'link':
      case 'emoji':
        return this.#at(']') && this.#endLink(inside);
      default:
        return false;
    }
  }

  #close(inside: Open, width: number, as: Pick<Entity, 'type' | 'language'>): true {
    this.#open.pop();
    this.#index += width;
    const length = this.#text.length - inside.offset;
    if (length > 0) this.#entities.push({ ...as, offset: inside.offset, length });
    return true;
  }

  #endLink(inside: Open): true {
    const { input } = this;
    this.#open.pop();
    this.#index += 1;
    const length = this.#text.length - inside.offset;
    if (input[this.#index] !== '(') {
      if (inside.kind === 'emoji') throw cantParse('Custom emoji entity must contain a tg://emoji URL');
      const entity = linkEntity(this.#text.slice(inside.offset), inside.offset, length);
      if (entity !== null && length > 0) this.#entities.push(entity);
      return true;
    }
    const began = this.#index;
    let url = '';
    let index = began + 1;
    for (; index < input.length && input[index] !== ')'; index += 1) {
      const next = input.charCodeAt(index + 1);
      if (input[index] === '\\' && next > 0 && next < 127) index += 1;
      url += input[index] ?? '';
    }
    if (index >= input.length) {
      const what = inside.kind === 'emoji' ? 'a custom emoji URL' : 'a URL';
      throw cantParse(`Can't find end of ${what} at byte offset ${byteOffset(input, began + 1)}`);
    }
    this.#index = index + 1;
    const entity =
      inside.kind === 'emoji'
        ? emojiEntity(url, inside.offset, length)
        : linkEntity(url, inside.offset, length);
    if (entity !== null && length > 0) this.#entities.push(entity);
    return true;
  }

  #unended({ kind, at }: Open): Error {
    return cantParse(`Can't find end of ${NAMES[kind]} entity at byte offset ${byteOffset(this.input, at)}`);
  }
}

function emojiEntity(url: string, offset: number, length: number): Entity {
  const match = /^(\w+):(?:\/\/)?([^/?#]*)\??([^#]*)/.exec(url);
  if (match?.[1] !== 'tg') throw cantParse('Custom emoji URL must have scheme tg');
  if (match[2] !== 'emoji') throw cantParse('Custom emoji URL must have host "emoji"');
  const id = new URLSearchParams(match[3] ?? '').get('id');
  if (id === null) throw cantParse('Custom emoji URL must have an emoji identifier');
  if (!/^[1-9]\d{0,18}$/.test(id)) throw cantParse('Invalid custom emoji identifier specified');
  return { type: 'custom_emoji', offset, length, custom_emoji_id: id };
}
