/**
 * A rotating file that is written asynchronously: a slow disk must not keep a trader from accepting a stop. The queue
 * is bounded; further lines are dropped, and a line says so.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type MakeRoom, type RotatingFile, roomFor } from './rotating-file.js';

const WAITING_MAX = 5_000;
const PAUSE_MS = 200;

export interface LaterFile extends RotatingFile {
  /** Writes the queue synchronously, for the end of the process. */
  flush(): void;
}

export function openLaterFile(path: string, makeRoom: MakeRoom): LaterFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let waiting: string[] = [];
  let dropped = 0;
  let scheduled = false;
  const taken = (): string => {
    const lines =
      dropped === 0 ? waiting : [...waiting, `${dropped} lines were dropped: the disk is too slow`];
    waiting = [];
    dropped = 0;
    return lines.map((line) => `${line}\n`).join('');
  };
  const append = async (): Promise<void> => {
    const text = taken();
    roomFor(text, makeRoom);
    try {
      await appendFile(path, text, { mode: 0o600 });
    } catch {
      // A full disk must not end the process that logs.
    }
    scheduled = false;
    if (waiting.length > 0) schedule();
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setTimeout(() => void append(), PAUSE_MS).unref();
  };
  return {
    write: (line) => {
      if (waiting.length < WAITING_MAX) waiting.push(line);
      else dropped += 1;
      schedule();
    },
    flush: () => {
      try {
        if (waiting.length > 0) appendFileSync(path, taken(), { mode: 0o600 });
      } catch {
        // A full disk must not end the process that logs.
      }
    },
  };
}
