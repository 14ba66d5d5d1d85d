import { styleText } from 'node:util';
import qrcode from 'qrcode-generator';

/** Width of the light border that the standard (ISO/IEC 18004) requires; cameras find no code without it. */
const QUIET = 4;

/**
 * A QR code for a terminal, two rows of modules to a line. With colours it is black on white whatever the terminal's
 * colours are; without, the light modules are drawn, as for a dark terminal. Throws if the text is too long (over
 * 2,000 bytes).
 */
export function qrCodeLines(text: string, colours: boolean): readonly string[] {
  // 0: the smallest version that holds the text. L: a screen is neither dirty nor torn, and a smaller code fits more
  // terminals.
  const code = qrcode(0, 'L');
  code.addData(text, 'Byte');
  code.make();
  const size = code.getModuleCount();
  const isDark = (row: number, column: number): boolean =>
    row >= 0 && row < size && column >= 0 && column < size && code.isDark(row, column);
  const lines: string[] = [];
  for (let row = -QUIET; row < size + QUIET; row += 2) {
    let line = '';
    for (let column = -QUIET; column < size + QUIET; column += 1)
      line += half(isDark(row, column) === colours, isDark(row + 1, column) === colours);
    lines.push(colours ? styleText(['black', 'bgWhiteBright'], line, { validateStream: false }) : line);
  }
  return lines;
}

const half = (top: boolean, bottom: boolean): string => (top ? (bottom ? '█' : '▀') : bottom ? '▄' : ' ');
