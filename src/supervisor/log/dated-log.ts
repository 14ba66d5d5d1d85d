import { join } from 'node:path';
import { movedByDate } from './by-date.js';
import type { LogSource } from './log-lines.js';

/**
 * The logs with one file per day of the desk, as sources for `LogReader`. `name`: `trading.log` or `errors.log`.
 * `date`: only files that may have lines of this day; absent: all files.
 */
export const datedLog = (folder: string, name: string, date?: string): LogSource => ({
  paths: () => [join(folder, name)],
  movedFrom: (path) => {
    const moved = movedByDate(path);
    if (date === undefined) return moved.map((file) => file.path);
    // A line from a slow process may be in the file of the next day.
    const after = moved.filter((file) => file.date > date).slice(-1);
    return [...after, ...moved.filter((file) => file.date === date)].map((file) => file.path);
  },
});
