import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { homePaths } from '../../home/runtime.js';

/** The desk's log holds all processes side by side: enough of its end to find one of them. */
const TAIL_BYTES_MAX = 4 * 1024 * 1024;
const TIME_LENGTH = 25;

/**
 * The newest lines of one process and of the supervisor about it, from the desk's log, where secrets were taken out.
 * Empty where no log file is kept here, as in containers.
 */
export function lastLogLines(home: string, role: string, count: number): readonly string[] {
  const text = tailOf(join(homePaths(home).logs, 'fermata.log'));
  return text
    .split('\n')
    .filter((line) => isAbout(line, role))
    .slice(-count);
}

function isAbout(line: string, role: string): boolean {
  const rest = line.slice(TIME_LENGTH);
  return rest.startsWith(`${role} `) || (rest.startsWith('supervisor ') && rest.includes(role));
}

function tailOf(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES_MAX));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trimEnd();
  } finally {
    closeSync(file);
  }
}
