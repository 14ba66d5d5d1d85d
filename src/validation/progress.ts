/** How far a validation has come: for those who wait for it, and for a later process that continues it. */
import { readFileSync } from 'node:fs';
import type { Progress } from '../backtest/run-on-prices.js';
import { replaceFile } from './request.js';

/** Null: there is none yet, or it can't be read, so nothing is known. */
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
