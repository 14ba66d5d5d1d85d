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
 * answer is of interest. To begin a process and load the program takes most of what a command takes. `beside`: so many
 * processes, where commands mostly wait; a command goes to the one that has least to do.
 */
export function commandsInOneProcess(beside = 1): typeof runCommand {
  let lines: readonly Line[] = [];
  beforeAll(() => {
    lines = Array.from({ length: beside }, () => new Line());
  });
  afterAll(() => Promise.all(lines.map((line) => line.end())));
  return (folder, args, env = {}) => {
    const [line] = lines.toSorted((one, other) => one.waiting - other.waiting);
    if (line === undefined) throw new Error('a command before the first test');
    return line.run({ folder, args, env: environmentIn(folder, env) });
  };
}

/** One process, and the commands that wait for it. */
class Line {
  waiting = 0;
  #before: Promise<unknown> = Promise.resolve();
  /** It ends with this process, which is at the other end of its channel. */
  readonly #child: ChildProcess = fork(ONE_PROCESS, {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

  run(command: object): Promise<CommandEnd> {
    this.waiting += 1;
    const end = this.#before.then(() => this.#ask(command));
    this.#before = end
      .catch(() => undefined)
      .finally(() => {
        this.waiting -= 1;
      });
    return end;
  }

  async end(): Promise<void> {
    const ended = once(this.#child, 'exit');
    if (this.#child.kill('SIGKILL')) await ended;
  }

  #ask(command: object): Promise<CommandEnd> {
    return new Promise((resolve, reject) => {
      const over = (code: number | null): void => reject(new Error(`their process ended by ${code}`));
      this.#child.once('exit', over).once('message', (end) => {
        this.#child.off('exit', over);
        resolve(end as CommandEnd);
      });
      this.#child.send(command);
    });
  }
}
