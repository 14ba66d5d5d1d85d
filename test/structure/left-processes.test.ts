/** What CI looks for after the tests: the processes of this checkout, and nobody else's. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';

const root = resolve(import.meta.dirname, '../..');

function begin(cwd: string, env: NodeJS.ProcessEnv): number {
  const child = endChildWithThisProcess(spawn('sleep', ['600'], { cwd, env, stdio: 'ignore' }));
  onTestFinished(() => void child.kill('SIGKILL'));
  return child.pid ?? 0;
}

it.skipIf(!existsSync('/proc/self/environ'))(
  'tells processes of this checkout by their folder and their environment, and others not',
  () => {
    const path = process.env.PATH?.split(':')
      .filter((folder) => !folder.startsWith(root))
      .join(':');
    const inFolder = begin(join(root, 'test'), { PATH: path });
    const byEnvironment = begin('/', { PATH: `${root}/node_modules/.bin:${path}` });
    const beside = begin('/', { PATH: path, HOME: `${root}-2` });
    const listed = execFileSync(process.execPath, [join(root, 'scripts/left-processes.mjs')], {
      encoding: 'utf8',
    });
    const pids = listed.trim().split(' ').map(Number);
    expect([inFolder, byEnvironment, beside].map((pid) => pids.includes(pid))).toEqual([true, true, false]);
  },
);
