import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';

export interface CommandEnd {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The program itself. */
export const COMMAND = fileURLToPath(new URL('../../bin/fermata.js', import.meta.url));
const ONE_PROCESS = fileURLToPath(new URL('./one-process.mjs', import.meta.url));

const environmentIn = (folder: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...{ PATH: process.env.PATH, TMPDIR: tmpdir(), HOME: folder, FERMATA_HOME: `${folder}/home` },
  ...env,
});

/** Runs `fermata` as a process of its own in `folder`, with FERMATA_HOME there. */
export function runCommand(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<CommandEnd> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: folder,
    env: environmentIn(folder, env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endChildWithThisProcess(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

/**
 * Like `runCommand`, one after another in one process for the test file that calls this: for commands of which only the
 * answer is of interest. To begin a process and load the program takes most of what a command takes.
 */
export function commandsInOneProcess(): typeof runCommand {
  let child: ChildProcess;
  let before: Promise<unknown> = Promise.resolve();
  beforeAll(() => {
    // It ends with this process, which is at the other end of its channel.
    child = fork(ONE_PROCESS, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  });
  afterAll(async () => {
    const ended = once(child, 'exit');
    if (child.kill('SIGKILL')) await ended;
  });
  const ask = (command: object): Promise<CommandEnd> =>
    new Promise((resolve, reject) => {
      const over = (code: number | null): void => reject(new Error(`their process ended by ${code}`));
      child.once('exit', over).once('message', (end) => {
        child.off('exit', over);
        resolve(end as CommandEnd);
      });
      child.send(command);
    });
  return (folder, args, env = {}) => {
    const end = before.then(() => ask({ folder, args, env: environmentIn(folder, env) }));
    before = end.catch(() => undefined);
    return end;
  };
}
