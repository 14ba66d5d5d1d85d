import type { ComponentChildren } from 'preact';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  readonly number?: boolean;
  /** Hidden where the screen is not wide. */
  readonly minor?: boolean;
  /** Hidden on a phone only. */
  readonly wide?: boolean;
  /** Text of any length: wraps, and has a line of its own where rows are blocks. */
  readonly long?: boolean;
}

interface TableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** On a phone, each row is a block of labelled values instead of a line. */
  readonly blocks?: boolean;
}

export function Table<Row>({ caption, columns, rows, keyOf, blocks = false }: TableProps<Row>) {
  const look = ({ number, minor, wide, long }: Column<Row>): string =>
    [number && 'number', minor && 'minor', wide && 'wide', long && 'long'].filter(Boolean).join(' ');
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section class="table-box" tabIndex={0} aria-label={caption}>
      <table class={blocks ? 'blocks' : ''}>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" class={look(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td key={column.title} class={look(column)} data-label={column.title}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
