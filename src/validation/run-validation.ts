/**
 * The program of one validation: `node dist/run/run-validation.js FOLDER`. It ends with its parent, since
 * whoever waits for the validation starts it again. The journal's lock keeps two of them apart.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../domain/message-of.js';
import { JournalLocked } from '../trader/journal/journal-error.js';
import type { ValidationMessage } from './request.js';
import { RunInterrupted, runValidation } from './run.js';

/** The previous process may still be ending. */
const LOCK_WAIT_MS = 15_000;
const LOCK_LOOK_MS = 100;

const EXIT_FAILED = 1;

function tell(message: ValidationMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send && process.connected) process.send(message, () => resolve());
    else resolve();
  });
}

async function whenUnlocked<T>(work: () => Promise<T>): Promise<T> {
  const untilMs = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof JournalLocked) || performance.now() > untilMs) throw error;
      await sleep(LOCK_LOOK_MS);
    }
  }
}

async function main(directory: string): Promise<void> {
  const ending = new AbortController();
  process.on('SIGINT', () => undefined); // sent to the whole terminal; the parent decides
  process.once('SIGTERM', () => ending.abort());
  process.once('disconnect', () => ending.abort());
  try {
    await whenUnlocked(() =>
      runValidation(directory, {
        signal: ending.signal,
        onProgress: (progress) => void tell({ type: 'progress', progress }),
      }),
    );
    await tell({ type: 'done' });
    process.exit(0);
  } catch (error) {
    const message = messageOf(error);
    await tell({ type: 'failed', message, interrupted: error instanceof RunInterrupted });
    process.exit(EXIT_FAILED);
  }
}

await main(process.argv[2] ?? '');
