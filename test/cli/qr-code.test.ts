import jsqr from 'jsqr';
import { describe, expect, it } from 'vitest';
import { qrCodeLines } from '../../src/cli/commands/login.js';

const LINK = `https://desk.tail1234.ts.net:8443/#token=${'a1B2'.repeat(16)}`;
/** Pixels of a module, as a camera sees more than one. */
const SIDE = 4;

/** What a camera reads that looks at the terminal. */
function scanned(lines: readonly string[], inked: 'dark' | 'light'): string | null {
  const rows = lines.flatMap((line) => [
    [...line].map((half) => '▀█'.includes(half)),
    [...line].map((half) => '▄█'.includes(half)),
  ]);
  const width = (rows[0]?.length ?? 0) * SIDE;
  const height = rows.length * SIDE;
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const ink = rows[Math.floor(y / SIDE)]?.[Math.floor(x / SIDE)] === true;
      pixels.fill((inked === 'dark') === ink ? 0 : 255, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  return jsqr.default(pixels, width, height, { inversionAttempts: 'dontInvert' })?.data ?? null;
}

describe('a link as a QR code', () => {
  it('is read by a camera, black on white where the terminal has colours', () => {
    const lines = qrCodeLines(LINK, true);
    const [before, after] = ['\u001b[30m\u001b[107m', '\u001b[49m\u001b[39m'];
    for (const line of lines) expect([line.startsWith(before), line.endsWith(after)]).toEqual([true, true]);
    const codes = lines.map((line) => line.slice(before.length, -after.length));
    expect(scanned(codes, 'dark')).toBe(LINK);
  });

  it('is read by a camera, light on dark where it has none', () => {
    expect(scanned(qrCodeLines(LINK, false), 'light')).toBe(LINK);
  });

  it('fits 80 columns and 27 lines with a link of the usual length', () => {
    const lines = qrCodeLines(LINK, false);
    expect(lines.length).toBeLessThanOrEqual(27);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});
