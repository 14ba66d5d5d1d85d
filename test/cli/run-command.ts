import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { type CommandEnd, type CommandsProcess, startCommandsProcess } from '../support/commands-process.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';

export type { CommandEnd };

/** The program itself. */
export const COMMAND = fileURLToPath(new URL('../../bin/fermata.js', import.meta.url));

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
 * Like `runCommand`, one after another in one process for the test file that calls this. `beside`: so many processes, where
 * commands mostly wait; a command goes to the one that has least to do.
 */
export function commandsInOneProcess(beside = 1): typeof runCommand {
  let processes: readonly CommandsProcess[] = [];
  beforeAll(() => {
    processes = Array.from({ length: beside }, startCommandsProcess);
  });
  afterAll(() => Promise.all(processes.map((one) => one.end())));
  return (folder, args, env = {}) => {
    const [least] = processes.toSorted((one, other) => one.waiting() - other.waiting());
    if (least === undefined) throw new Error('a command before the first test');
    return least.run({ folder, args, env: environmentIn(folder, env) });
  };
}
