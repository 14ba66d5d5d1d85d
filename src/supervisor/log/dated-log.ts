/** The logs that have a file for each of the desk's days, as `LogReader` reads them. */
import { join } from 'node:path';
import { movedByDate } from './by-date.js';
import type { LogSource } from './log-lines.js';

/** `name`: `trading.log` or `errors.log`. `date`: only what may have lines of this day; left out: everything that is kept. */
export const datedLog = (folder: string, name: string, date?: string): LogSource => ({
  paths: () => [join(folder, name)],
  movedFrom: (path) => {
    const moved = movedByDate(path);
    if (date === undefined) return moved.map((file) => file.path);
    // A line that came late, of a process that was slow to say it, stands in the file of the day after.
    const after = moved.filter((file) => file.date > date).slice(-1);
    return [...after, ...moved.filter((file) => file.date === date)].map((file) => file.path);
  },
});
