/** A picture to draw on, without a browser or a native library: smooth lines, boxes and triangles, written as PNG. */
import { crc32, deflateSync } from 'node:zlib';

/** Red, green, blue, 0 to 255. */
export type Colour = readonly [number, number, number];

/** Pixels from the upper left corner, fractions included. */
interface Point {
  readonly x: number;
  readonly y: number;
}

export class Canvas {
  readonly #pixels: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
    ground: Colour,
  ) {
    this.#pixels = new Uint8Array(width * height * 3);
    for (let at = 0; at < this.#pixels.length; at += 1) this.#pixels[at] = ground[at % 3] ?? 0;
  }

  /** A filled box between two corners. */
  box(from: Point, to: Point, colour: Colour, opacity = 1): void {
    const overlap = (pixel: number, low: number, high: number): number =>
      Math.min(pixel + 1, high) - Math.max(pixel, low);
    this.#shade(from, to, colour, (x, y) => opacity * overlap(x, from.x, to.x) * overlap(y, from.y, to.y));
  }

  /** A line with round ends. */
  line(from: Point, to: Point, thickness: number, colour: Colour): void {
    const reach = thickness / 2 + 1;
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const length = dx * dx + dy * dy;
    this.#shade(
      { x: Math.min(from.x, to.x) - reach, y: Math.min(from.y, to.y) - reach },
      { x: Math.max(from.x, to.x) + reach, y: Math.max(from.y, to.y) + reach },
      colour,
      (x, y) => {
        const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y];
        const along = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
        return thickness / 2 + 0.5 - Math.hypot(px - along * dx, py - along * dy);
      },
    );
  }

  /** An arrowhead. `up`: it points up. `tip`: the place of its point. */
  arrow(tip: Point, up: boolean, size: number, colour: Colour): void {
    const turn = up ? 1 : -1;
    const slope = Math.hypot(1, 2);
    this.#shade(
      { x: tip.x - size / 2 - 1, y: Math.min(tip.y, tip.y + turn * size) - 1 },
      { x: tip.x + size / 2 + 1, y: Math.max(tip.y, tip.y + turn * size) + 1 },
      colour,
      (x, y) => {
        const across = Math.abs(x + 0.5 - tip.x);
        const down = turn * (y + 0.5 - tip.y);
        return Math.min((down - 2 * across) / slope, size - down) + 0.5;
      },
    );
  }

  png(): Buffer {
    const { width, height } = this;
    const row = width * 3;
    // Each row begins with its filter type; 0 means none.
    const rows = Buffer.alloc((row + 1) * height);
    for (let y = 0; y < height; y += 1)
      rows.set(this.#pixels.subarray(y * row, (y + 1) * row), y * (row + 1) + 1);
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header.set([BITS_A_COLOUR, TRUE_COLOUR], 8);
    return Buffer.concat([
      SIGNATURE,
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(rows, { level: 9 })),
      chunk('IEND', Buffer.alloc(0)),
    ]);
  }

  /** Colours each pixel of a box by how much of it is covered, from 0 to 1. */
  #shade(from: Point, to: Point, colour: Colour, covered: (x: number, y: number) => number): void {
    const [left, right] = [Math.max(0, Math.floor(from.x)), Math.min(this.width, Math.ceil(to.x))];
    const [top, bottom] = [Math.max(0, Math.floor(from.y)), Math.min(this.height, Math.ceil(to.y))];
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) {
        const part = Math.min(1, Math.max(0, covered(x, y)));
        if (part > 0) this.#blend((y * this.width + x) * 3, colour, part);
      }
    }
  }

  #blend(at: number, colour: Colour, part: number): void {
    for (let channel = 0; channel < 3; channel += 1) {
      const there = this.#pixels[at + channel] ?? 0;
      this.#pixels[at + channel] = Math.round(there + ((colour[channel] ?? 0) - there) * part);
    }
  }
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const BITS_A_COLOUR = 8;
const TRUE_COLOUR = 2;

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(named, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}

/**
 * Each stroke is a list of points with two digits each: right of the left edge, below the top. A capital is six units
 * high; small letters are written as capitals.
 */
const STROKES: Readonly<Record<string, string>> = {
  '0': '10 30 41 45 36 16 05 01 10',
  '1': '11 20 26, 16 36',
  '2': '01 10 30 41 42 06 46',
  '3': '01 10 30 41 42 33 44 45 36 16 05, 13 33',
  '4': '36 30 04 44',
  '5': '40 00 02 32 43 45 36 16 05',
  '6': '41 30 10 01 05 16 36 45 44 33 13 04',
  '7': '00 40 16',
  '8': '13 02 01 10 30 41 42 33 44 45 36 16 05 04 13 33',
  '9': '05 16 36 45 41 30 10 01 02 13 33 42',
  A: '06 02 20 42 46, 04 44',
  B: '03 33 44 45 36 06 00 30 41 42 33',
  C: '41 30 10 01 05 16 36 45',
  D: '00 06 26 44 42 20 00',
  E: '40 00 06 46, 03 33',
  F: '40 00 06, 03 33',
  G: '41 30 10 01 05 16 36 45 43 23',
  H: '00 06, 40 46, 03 43',
  I: '00 20, 10 16, 06 26',
  J: '40 45 36 16 05',
  K: '00 06, 40 03 46',
  L: '00 06 46',
  M: '06 00 23 40 46',
  N: '06 00 46 40',
  O: '10 30 41 45 36 16 05 01 10',
  P: '06 00 30 41 42 33 03',
  Q: '10 30 41 45 36 16 05 01 10, 34 46',
  R: '06 00 30 41 42 33 03, 23 46',
  S: '41 30 10 01 02 13 33 44 45 36 16 05',
  T: '00 40, 20 26',
  U: '00 05 16 36 45 40',
  V: '00 26 40',
  W: '00 16 23 36 40',
  X: '00 46, 40 06',
  Y: '00 23 40, 23 26',
  Z: '00 40 06 46',
  '.': '06 06',
  ',': '16 07',
  ':': '02 02, 05 05',
  '/': '40 06',
  '-': '03 33',
  '\u2212': '03 33',
  '+': '03 43, 21 25',
  '%': '40 06, 01 01, 45 45',
  '(': '20 11 15 26',
  ')': '00 11 15 06',
};

const FIGURE = /\d/;
const FIGURE_WIDTH = 4;
const SPACE_WIDTH = 2;
const GAP = 2;
const HEIGHT = 6;

interface Lettering {
  /** Height of a capital, in pixels. */
  readonly height: number;
  readonly colour: Colour;
}

/**
 * Letters and digits as strokes, so that a chart needs no font on the machine that draws it. `at`: the upper
 * left corner. A character without strokes is left blank.
 */
export function write(canvas: Canvas, at: Point, text: string, { height, colour }: Lettering): void {
  const unit = height / HEIGHT;
  const thickness = Math.max(1.4, height / 8);
  let { x } = at;
  for (const letter of text.toUpperCase()) {
    for (const stroke of (STROKES[letter] ?? '').split(', ').filter(Boolean)) {
      const points = stroke
        .split(' ')
        .map((point) => ({ x: x + Number(point[0]) * unit, y: at.y + Number(point[1]) * unit }));
      for (const [place, from] of points.entries()) {
        const to = points[place + 1];
        if (to !== undefined) canvas.line(from, to, thickness, colour);
      }
    }
    x += (widthOf(letter) + GAP) * unit;
  }
}

/** Width in pixels. */
export function textWidth(text: string, height: number): number {
  const units = [...text.toUpperCase()].reduce((sum, letter) => sum + widthOf(letter) + GAP, -GAP);
  return Math.max(0, units) * (height / HEIGHT);
}

/** Digits have equal widths, so that prices line up in a column. */
function widthOf(letter: string): number {
  if (FIGURE.test(letter)) return FIGURE_WIDTH;
  const strokes = STROKES[letter];
  if (strokes === undefined) return SPACE_WIDTH;
  return Math.max(...strokes.split(/,? /).map((point) => Number(point[0])));
}
