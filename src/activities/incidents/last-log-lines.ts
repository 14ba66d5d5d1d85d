import { readLogBackwards } from '../../checks/read-lines-backwards.js';
import { homePaths } from '../../home/runtime.js';
import { logOf } from '../../supervisor/log/log-files.js';

/** The desk's log holds all processes side by side: how far back one of them is looked for. */
const LINES_READ_MAX = 200_000;
const TIME_LENGTH = 25;

/**
 * The newest lines of one process and of the supervisor about it, oldest first, from the desk's log or its own, where
 * secrets were taken out. Empty where no log file is kept here.
 */
export async function lastLogLines(home: string, role: string, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  let read = 0;
  const log = logOf(homePaths(home).logs, role);
  if (log === null) return [];
  for await (const line of readLogBackwards(log)) {
    read += 1;
    if (isAbout(line, role)) found.push(line);
    if (found.length === count || read === LINES_READ_MAX) break;
  }
  return found.reverse();
}

function isAbout(line: string, role: string): boolean {
  const rest = line.slice(TIME_LENGTH);
  return rest.startsWith(`${role} `) || (rest.startsWith('supervisor ') && rest.includes(role));
}
