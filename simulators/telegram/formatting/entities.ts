/**
 * Formatted text: the visible text, and which parts of it are bold, a link and so on. Offsets and lengths in UTF-16
 * units.
 */
import { badRequest, type Refusal } from '../refusal.js';

export interface Entity {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  readonly url?: string;
  readonly user?: { readonly id: number; readonly is_bot: boolean; readonly first_name: string };
  readonly language?: string;
  readonly custom_emoji_id?: string;
}

export interface Formatted {
  readonly text: string;
  readonly entities: readonly Entity[];
}

/** The parser's position as error messages report it: UTF-8 bytes before this index. */
export function byteOffset(text: string, index: number): number {
  return Buffer.byteLength(text.slice(0, index));
}

export function cantParse(problem: string): Refusal {
  return badRequest(`can't parse entities: ${problem}`);
}

const MENTION = /^tg:\/\/user\?id=(\d{1,18})$/;

/** A link, a mention of a person, or null if the address is invalid. */
export function linkEntity(address: string, offset: number, length: number): Entity | null {
  const id = MENTION.exec(address)?.[1];
  if (id !== undefined) {
    const user = { id: Number(id), is_bot: false, first_name: `Person ${id}` };
    return { type: 'text_mention', offset, length, user };
  }
  const url = webAddress(address);
  return url === null ? null : { type: 'text_link', offset, length, url };
}

/** The address as Telegram stores it, with a scheme; null if it is not a web address. */
export function webAddress(text: string): string | null {
  const full = /^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `http://${text}`;
  try {
    const url = new URL(full);
    const web = /^(https?|tg|ton):$/.test(url.protocol);
    return web && (url.protocol === 'tg:' || url.hostname.includes('.')) ? url.href : null;
  } catch {
    return null;
  }
}

/** Trims white space at both ends, from entities too; drops empty entities and sorts the rest. */
export function trimmed({ text, entities }: Formatted): Formatted {
  const start = text.length - text.trimStart().length;
  const shown = text.trim();
  const kept = entities.flatMap((entity) => {
    const from = Math.max(0, entity.offset - start);
    const to = Math.min(shown.length, entity.offset + entity.length - start);
    return to > from ? [{ ...entity, offset: from, length: to - from }] : [];
  });
  return { text: shown, entities: kept.sort((a, b) => a.offset - b.offset || b.length - a.length) };
}
