/** A test that fails, hangs or is killed must leave nothing running: the guard of each desk and program ends it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { until } from '../support/eventually.js';

const guard = resolve(import.meta.dirname, '../support/end-desk.mjs');
const started: ChildProcess[] = [];
const folders: string[] = [];

afterEach(() => {
  for (const { pid } of started.splice(0)) if (pid) end(pid);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended, as it should.
  }
}

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

function folder(name: string): string {
  const path = mkdtempSync(join(tmpdir(), `fermata-${name}-`));
  folders.push(path);
  return path;
}

function begin(script: string, ...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  return child;
}

it('a killed test process leaves no desk running and no folder', async () => {
  const home = folder('left');
  const sockets = folder('left-sockets');
  const supervisor = begin(`setInterval(() => {}, 1000); process.on('SIGINT', () => process.exit(0));`);
  const role = begin(`setInterval(() => {}, 1000); process.on('SIGINT', () => {});`);
  mkdirSync(join(home, 'run'));
  writeFileSync(join(home, 'run', 'children.json'), JSON.stringify([{ name: 'web', pid: role.pid }]));
  const test = begin(
    `import { spawn } from 'node:child_process';
     const [guard, home, sockets, pid] = process.argv.slice(1);
     const child = spawn(process.execPath, [guard, home, sockets], { stdio: ['pipe', 'ignore', 'inherit'], detached: true });
     child.stdin.write(pid + '\\n', () => console.log('told'));
     setInterval(() => {}, 1000);`,
    guard,
    home,
    sockets,
    String(supervisor.pid),
  );
  await new Promise((go) => test.stdout?.once('data', go));
  supervisor.kill('SIGSTOP');
  expect(isAlive(role.pid)).toBe(true);

  test.kill('SIGKILL');

  await until('the desk ended', () => !isAlive(supervisor.pid) && !isAlive(role.pid));
  // One after the other.
  await until('both folders are gone', () => !existsSync(home) && !existsSync(sockets));
});

it('nothing of a desk that was started again is left, though it does not end in order', async () => {
  const home = folder('again');
  const sockets = folder('again-sockets');
  const idle = `setInterval(() => {}, 1000); process.on('SIGINT', () => {}); console.log('deaf');`;
  const supervisor = begin(idle);
  await new Promise((go) => supervisor.stdout?.once('data', go));
  const again = spawn(process.execPath, ['-e', idle], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, FERMATA_HOME: home },
  });
  started.push(again);
  const child = spawn(process.execPath, [guard, home, sockets, '200'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });

  child.stdin.end(`${supervisor.pid}\n`);

  await until('both ended', () => !isAlive(supervisor.pid) && !isAlive(again.pid));
  await until('both folders are gone', () => !existsSync(home) && !existsSync(sockets));
});

it('a killed test process leaves no program running that it had started', async () => {
  const support = resolve(import.meta.dirname, '../support/end-with-this-process.ts');
  const test = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', '--input-type=module', '-e'],
      `import { spawn } from 'node:child_process';
       const { endChildWithThisProcess } = await import(${JSON.stringify(support)});
       const program = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
       console.log(endChildWithThisProcess(program).pid);
       setInterval(() => {}, 1000);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  started.push(test);
  const pid = Number(await new Promise((go) => test.stdout.once('data', go)));
  expect(isAlive(pid)).toBe(true);

  test.kill('SIGKILL');

  await until('the program ended', () => !isAlive(pid));
});

it('a killed test run leaves no server that it shared, and not the folder of its data', async () => {
  const server = begin('setInterval(() => {}, 1000);');
  const data = folder('left-data');
  const module = new URL('../support/end-with-this-process.ts', import.meta.url).href;
  const run = begin(
    `import { register } from 'tsx/esm/api';
     register();
     const { endWithThisProcess } = await import(process.argv[1]);
     endWithThisProcess(Number(process.argv[2]), async () => undefined, process.argv[3]);
     console.log('watched');
     setInterval(() => {}, 1000);`,
    module,
    String(server.pid),
    data,
  );
  await new Promise((go) => run.stdout?.once('data', go));
  expect([isAlive(server.pid), existsSync(data)]).toEqual([true, true]);

  run.kill('SIGKILL');

  await until('the server ended and its data is gone', () => !isAlive(server.pid) && !existsSync(data));
});

it('a killed run leaves no worker that goes on with its tests', async () => {
  const support = resolve(import.meta.dirname, '../support/end-with-run.ts');
  const worker = join(folder('worker'), 'worker.ts');
  writeFileSync(
    worker,
    `import ${JSON.stringify(support)};
     process.send?.(process.pid);
     setInterval(() => {}, 1000);`,
  );
  const run = begin(
    `import { fork } from 'node:child_process';
     const worker = fork(process.argv[1], [], { execArgv: ['--import', ${JSON.stringify(import.meta.resolve('tsx'))}] });
     worker.once('message', (pid) => console.log(pid));`,
    worker,
  );
  const pid = Number(await new Promise((go) => run.stdout?.once('data', go)));
  expect(isAlive(pid)).toBe(true);

  run.kill('SIGKILL');

  await until('the worker ended', () => !isAlive(pid));
  // Those of this run are such workers.
  expect(Symbol.for('fermata: this process ends with the run that has begun it') in process).toBe(true);
});
