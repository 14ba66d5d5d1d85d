/** Comma-separated values as RFC 4180 has them, with a line feed at the end of each line. */

/** Spreadsheets take what begins so for a formula, and carry it out. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

export const csvLine = (cells: readonly string[]): string => `${cells.map(quoted).join(',')}\n`;

/** What somebody else wrote, made harmless for a spreadsheet by the apostrophe that it knows for "text". */
export const csvText = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
