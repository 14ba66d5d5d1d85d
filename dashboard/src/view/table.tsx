import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  readonly number?: boolean;
  /** Hidden unless the screen is wide. */
  readonly minor?: boolean;
  /** Hidden on a phone only. */
  readonly wide?: boolean;
  /** Text of any length: it wraps, and gets a line of its own when rows are blocks. */
  readonly long?: boolean;
  /** The value to sort rows by, in a table that can be sorted. */
  readonly by?: (row: Row) => number | string;
}

export interface Sorting {
  readonly title: string;
  readonly falling: boolean;
}

interface TableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** On a phone, each row is a block of labelled values instead of a line. */
  readonly blocks?: boolean;
  readonly sorting?: Sorting | null;
  /** Called when a heading is pressed. */
  readonly onSort?: (title: string) => void;
}

export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, keyOf, blocks = false, sorting = null, onSort } = props;
  const look = ({ number, minor, wide, long }: Column<Row>): string =>
    [number && 'number', minor && 'minor', wide && 'wide', long && 'long'].filter(Boolean).join(' ');
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section class="table-box" tabIndex={0} aria-label={caption}>
      <table class={[blocks && 'blocks', onSort && 'sortable'].filter(Boolean).join(' ')}>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.title}
                scope="col"
                class={look(column)}
                aria-sort={
                  sorting?.title === column.title ? (sorting.falling ? 'descending' : 'ascending') : undefined
                }
              >
                {onSort === undefined || column.by === undefined ? (
                  column.title
                ) : (
                  <button type="button" class="heading" onClick={() => onSort(column.title)}>
                    {column.title}
                  </button>
                )}
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

const ROWS_AT_FIRST = 100;

/**
 * In the given order until a heading is pressed: the first press sorts the largest first, the next the smallest.
 * Further rows are shown on request.
 */
export function SortedTable<Row>(props: Omit<TableProps<Row>, 'sorting' | 'onSort'>) {
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const [shown, setShown] = useState(ROWS_AT_FIRST);
  const { columns, rows } = props;
  const by = columns.find(({ title }) => title === sorting?.title)?.by;
  const sorted = by === undefined ? rows : [...rows].sort((left, right) => order(by(left), by(right)));
  const falling = sorting?.falling === true ? [...sorted].reverse() : sorted;
  const press = (title: string): void =>
    setSorting((before) => ({ title, falling: before?.title === title ? !before.falling : true }));
  return (
    <>
      <Table {...props} rows={falling.slice(0, shown)} sorting={sorting} onSort={press} />
      {rows.length > shown && (
        <button type="button" class="button small" onClick={() => setShown(shown + ROWS_AT_FIRST)}>
          More
        </button>
      )}
    </>
  );
}

function order(left: number | string, right: number | string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
