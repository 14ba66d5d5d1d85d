/**
 * `fermata restart --all`, and a restore in an incident, as the process that has started the desk carries them out: the same
 * command once more, in a process of its own, so that `.env`, the desk file and Fermata itself are read as they are now.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../domain/message-of.js';
import { watchForEnding } from '../supervisor/ending.js';
import { shellEnvironment } from './environment-file.js';
import { EXIT_FAILED, EXIT_OK } from './failure.js';

/** Set for a start that was asked for by `restart --all`: its parent waits for it. */
const BY_PARENT = 'FERMATA_STARTED_AGAIN';
/** Of such a start: it is to be made once more. No exit code of a command. */
const EXIT_AGAIN = 75;

const IS_BY_PARENT = process.env[BY_PARENT] === '1';

/** The process that starts the desk again when that is asked for: this one, or the one that has started it. */
export const STARTER = IS_BY_PARENT ? process.ppid : process.pid;

/** Whoever lost its parent belongs to another process. */
export const starterIsThere = (): boolean => !IS_BY_PARENT || process.ppid === STARTER;

/**
 * Resolves with the exit code of this process: when the desk has ended for good, or at once where the parent goes on.
 * `between`: what is done while nothing of the desk runs; its signal is aborted when the desk is to stay ended.
 */
export async function startAgain(
  pauseMs: number,
  between: (stayEnded: AbortSignal) => Promise<void>,
): Promise<number> {
  const ending = watchForEnding();
  try {
    await sleep(pauseMs, undefined, { signal: ending.asked }).catch(() => undefined);
    // Whatever came of it, the desk starts again: one that stays ended tells nobody.
    if (!ending.asked.aborted)
      await between(ending.asked).catch((error: unknown) => {
        process.stderr.write(`✗ ${messageOf(error)}\n`);
      });
    // However often a desk is started again, there is one process above it.
    if (IS_BY_PARENT) return ending.asked.aborted ? EXIT_OK : EXIT_AGAIN;
    let code = EXIT_AGAIN;
    while (code === EXIT_AGAIN && !ending.asked.aborted) code = await runOnce(ending);
    return code === EXIT_AGAIN ? EXIT_OK : code;
  } finally {
    ending.close();
  }
}

async function runOnce({
  asked,
  hurry,
}: Pick<ReturnType<typeof watchForEnding>, 'asked' | 'hurry'>): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    // A terminal's Ctrl-C reaches this process alone, and is handed on once: two would be in a hurry.
    detached: true,
    env: { ...shellEnvironment(), [BY_PARENT]: '1' },
    stdio: 'inherit',
  });
  const stop = endOf(child);
  asked.addEventListener('abort', stop);
  hurry.addEventListener('abort', stop);
  if (asked.aborted) stop();
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? EXIT_FAILED;
  } finally {
    asked.removeEventListener('abort', stop);
    hurry.removeEventListener('abort', stop);
  }
}

const endOf = (child: ChildProcess) => (): void => void child.kill('SIGTERM');
