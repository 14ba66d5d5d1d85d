/** Letters and digits as strokes, so that a chart needs no font of the machine that draws it. */
import type { Canvas, Colour, Point } from './canvas.js';

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

/** `at`: the upper left corner. A character without strokes is left blank. */
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
