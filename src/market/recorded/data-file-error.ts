/** What is wrong with a data file, in words that a person can act on. */
export interface DataFileProblem {
  readonly file: string;
  /** Counted like lines in an editor: the header is row 1. Null: the file as a whole. */
  readonly row: number | null;
  readonly column: string | null;
  readonly expected: string;
  readonly found: string;
  readonly doThis: string;
}

export class DataFileError extends Error {
  override readonly name = 'DataFileError';

  constructor(readonly problem: DataFileProblem) {
    const { file, row, column, expected, found, doThis } = problem;
    const where = [file, row === null ? null : `row ${row}`, column === null ? null : `column ${column}`];
    super(
      `${where.filter((part) => part !== null).join(', ')}: expected ${expected}, found ${found}. ${doThis}`,
    );
  }
}

/** Quoted text is cut: a damaged file may have lines of any length. */
export function shown(text: string): string {
  if (text === '') return 'nothing';
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** What to do about a row that is wrong by itself. */
export const REPAIR = 'Correct the row or take it out; nothing was traded on it.';
