/** How far a validation is: for whoever waits for it, and for a later process that goes on with it. */
import { readFileSync } from 'node:fs';
import { replaceFile } from './request.js';

export interface Progress {
  /** Market time that was reached. */
  readonly marketMs: number;
  /** From 0 to 1. */
  readonly part: number;
  readonly trades: number;
  /** Decimal text. */
  readonly equity: string;
}

/** Null where there is none yet, or it can't be read: then nothing is known. */
export function readProgress(file: string): Progress | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Progress;
  } catch {
    return null;
  }
}

export function saveProgress(file: string, progress: Progress): void {
  replaceFile(file, progress);
}
