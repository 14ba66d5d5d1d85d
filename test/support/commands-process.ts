/**
 * Commands of which only the answer is of interest, one after another in one process: to begin a process and load the
 * program takes most of what a command takes.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../cli/one-process.mjs', import.meta.url));

interface Command {
  readonly folder: string;
  readonly args: readonly string[];
  /** All of it. */
  readonly env: NodeJS.ProcessEnv;
}

export interface CommandEnd {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface CommandsProcess {
  run(command: Command): Promise<CommandEnd>;
  /** How many commands are under way or wait. */
  waiting(): number;
  end(): Promise<void>;
}

export function startCommandsProcess(): CommandsProcess {
  // It ends with this process, which is at the other end of its channel.
  const child: ChildProcess = fork(PROGRAM, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  let before: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const ask = (command: Command): Promise<CommandEnd> =>
    new Promise((resolve, reject) => {
      const over = (code: number | null): void => reject(new Error(`their process ended by ${code}`));
      if (child.exitCode !== null || child.signalCode !== null) return over(child.exitCode);
      child.once('exit', over).once('message', (end) => {
        child.off('exit', over);
        resolve(end as CommandEnd);
      });
      child.send(command);
    });
  return {
    run: (command) => {
      waiting += 1;
      const end = before
        .then(() => ask(command))
        .finally(() => {
          waiting -= 1;
        });
      before = end.catch(() => undefined);
      return end;
    },
    waiting: () => waiting,
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      if (child.kill('SIGKILL')) await ended;
    },
  };
}
