/** Reads a group that a `SlotWriter` wrote. Never reads beyond `end`, whatever a length says. */
import type { WrittenUnits } from '../../../domain/money.js';
import { ENCODINGS } from './slot-writer.js';

/** The bytes are not a record of this format. The message is one phrase. */
export class SlotError extends Error {
  override readonly name: string = 'SlotError';
}

/** The largest factor, 64 × a power of 128, that a number below 2^53 needs. */
const FACTOR_MAX = 2 ** 48;

/** Most texts of a journal are ids, names and reasons that it repeats: making one from its bytes costs more than all else. */
const SHORT_TEXT_MAX = 64;
const SHORT_TEXTS = 1_024;
const shortTexts: string[] = Array.from({ length: SHORT_TEXTS }, () => '');

export class SlotReader {
  at: number;
  end: number;
  readonly #bytes: Buffer;
  readonly #names: string[] = [];

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.end = end;
  }

  byte(): number {
    if (this.at >= this.end) throw pastTheEnd();
    return this.#bytes[this.at++]!;
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#take(2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  f64(): number {
    return this.#bytes.readDoubleLE(this.#take(8));
  }

  i53(): number {
    let part = this.byte();
    const negative = (part & 0x40) !== 0;
    let value = part & 0x3f;
    for (let factor = 0x40; (part & 0x80) !== 0; factor *= 0x80) {
      if (factor > FACTOR_MAX) throw new SlotError('a number in it is larger than any');
      part = this.byte();
      value += (part & 0x7f) * factor;
    }
    if (value > Number.MAX_SAFE_INTEGER) throw new SlotError('a number in it is larger than any');
    return negative ? -value : value;
  }

  choice<T extends string>(words: readonly T[]): T {
    const word = words[this.byte()];
    if (word === undefined) throw new SlotError('a word in it is not on its list');
    return word;
  }

  text(): string {
    const header = this.i53();
    const encoding = ENCODINGS[header & 3];
    if (encoding === undefined || header < 0) throw new SlotError('a text in it has no encoding');
    const length = Math.floor(header / 4);
    const from = this.#take(length);
    if (encoding === 'latin1' && length > 0 && length <= SHORT_TEXT_MAX) return this.#shortText(from);
    return this.#bytes.toString(encoding, from, this.at);
  }

  /** Up to `at`: the text that was read before, if its bytes are the same. */
  #shortText(from: number): string {
    const bytes = this.#bytes;
    const end = this.at;
    const place = (bytes[end - 1]! * 31 + bytes[from]! + end - from) & (SHORT_TEXTS - 1);
    const before = shortTexts[place]!;
    if (before.length === end - from) {
      let at = from;
      while (at < end && before.charCodeAt(at - from) === bytes[at]) at += 1;
      if (at === end) return before;
    }
    const text = bytes.toString('latin1', from, end);
    shortTexts[place] = text;
    return text;
  }

  name(): string {
    const number = this.i53();
    const known = this.#names[number];
    if (known !== undefined) return known;
    if (number !== this.#names.length) throw new SlotError('a name in it was never given');
    const name = this.text();
    this.#names.push(name);
    return name;
  }

  units(): WrittenUnits {
    return this.byte() === 0 ? this.i53() : this.text();
  }

  json(): unknown {
    const text = this.text();
    try {
      return JSON.parse(text);
    } catch {
      throw new SlotError('its text is not JSON');
    }
  }

  #take(count: number): number {
    const from = this.at;
    if (count > this.end - from) throw pastTheEnd();
    this.at = from + count;
    return from;
  }
}

function pastTheEnd(): SlotError {
  return new SlotError('a value in it goes on behind its end');
}
