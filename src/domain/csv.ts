/**
 * Comma-separated values as in RFC 4180, with a line feed at the end of each line. Only written, never
 * parsed. Text that a spreadsheet would run is made harmless, which no library does by itself.
 */

/** A spreadsheet runs text that begins like this as a formula. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

export const csvLine = (cells: readonly string[]): string => `${cells.map(quoted).join(',')}\n`;

/** Makes text from outside harmless for spreadsheets with the leading apostrophe that means "text" there. */
export const csvText = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
