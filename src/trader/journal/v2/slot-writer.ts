/**
 * Writes the values of records as typed slots, little endian. The kinds of slots:
 *
 *   i53      whole number: sign and six bits, then seven bits in each byte; bit 7 says that more follow
 *   f64      eight bytes; -0 is written as 0, as JSON does
 *   byte     number of a word in its list, or flags
 *   text     bytes (i53) times four, plus 0: Latin-1, 1: UTF-8, 2: UTF-16 (with unpaired surrogates); then the bytes
 *   name     number of the text in the group's table of names (i53); a new one is followed by the text itself
 *   units    one byte: 0, then i53; or 1, then the text
 *   json     text
 */
import type { WrittenUnits } from '../../../domain/money.js';

export const ENCODINGS = ['latin1', 'utf8', 'utf16le'] as const;

const HALF_CHARACTER = /\p{Surrogate}/u;

export class SlotWriter {
  bytes: Buffer;
  /** Where the next slot begins. */
  at = 0;
  /** False once a value didn't fit its slot; the record must then be written as JSON. */
  fits = true;
  #view: DataView;
  readonly #names: string[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
    this.#view = viewOf(this.bytes);
  }

  get namesKnown(): number {
    return this.#names.length;
  }

  /** Discards everything written since, including new names. */
  goBack(at: number, namesKnown: number): void {
    this.at = at;
    this.fits = true;
    for (const name of this.#names.splice(namesKnown)) this.#numbers.delete(name);
  }

  byte(value: number): void {
    this.ensure(1);
    this.bytes[this.at++] = value;
  }

  u16(value: number): void {
    this.ensure(2);
    this.#view.setUint16(this.at, value, true);
    this.at += 2;
  }

  u32(value: number): void {
    this.ensure(4);
    this.#view.setUint32(this.at, value, true);
    this.at += 4;
  }

  f64(value: number): void {
    if (!Number.isFinite(value)) this.fits = false;
    this.ensure(8);
    this.#view.setFloat64(this.at, value + 0, true);
    this.at += 8;
  }

  i53(value: number): void {
    if (!Number.isSafeInteger(value)) {
      this.fits = false;
      return;
    }
    this.ensure(8);
    const { bytes } = this;
    let left = Math.abs(value);
    const low = (value < 0 ? 0x40 : 0) | (left & 0x3f);
    left = left > 0x7fffffff ? Math.floor(left / 0x40) : left >>> 6;
    bytes[this.at++] = left > 0 ? low | 0x80 : low;
    while (left > 0) {
      const part = left & 0x7f;
      left = left > 0x7fffffff ? Math.floor(left / 0x80) : left >>> 7;
      bytes[this.at++] = left > 0 ? part | 0x80 : part;
    }
  }

  /** Writes the number of a word in its list. */
  choice<T extends string>(numbers: Readonly<Record<T, number>>, word: T): void {
    const number: number | undefined = numbers[word];
    if (number === undefined) this.fits = false;
    else this.byte(number);
  }

  text(value: string): void {
    const { length } = value;
    const begin = this.at;
    this.i53(length * 4);
    this.ensure(length);
    const { bytes } = this;
    let { at } = this;
    for (let index = 0; index < length; index += 1) {
      const code = value.charCodeAt(index);
      if (code > 0xff) {
        this.at = begin;
        this.#wideText(value);
        return;
      }
      bytes[at++] = code;
    }
    this.at = at;
  }

  name(value: string): void {
    const known = this.#numbers.get(value);
    if (known !== undefined) {
      this.i53(known);
      return;
    }
    this.i53(this.#names.length);
    this.#numbers.set(value, this.#names.length);
    this.#names.push(value);
    this.text(value);
  }

  units(value: WrittenUnits): void {
    this.byte(typeof value === 'number' ? 0 : 1);
    if (typeof value === 'number') this.i53(value);
    else this.text(value);
  }

  json(value: unknown): void {
    this.text(JSON.stringify(value));
  }

  /** Overwrites the two bytes at `at`. */
  setU16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }

  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  setF64(at: number, value: number): void {
    this.#view.setFloat64(at, value, true);
  }

  ensure(more: number): void {
    const needed = this.at + more;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
    this.#view = viewOf(larger);
  }

  /** Every text is read back unchanged, unpaired surrogates included. */
  #wideText(value: string): void {
    const encoding = HALF_CHARACTER.test(value) ? 2 : 1;
    const size = Buffer.byteLength(value, ENCODINGS[encoding]);
    this.i53(size * 4 + encoding);
    this.ensure(size);
    this.at += this.bytes.write(value, this.at, ENCODINGS[encoding]);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
