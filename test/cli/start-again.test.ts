/** How a start is made again: by a program that ends as `fermata up` does, and writes down what it finds. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { repository } from '../support/desk-under-test.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { eventually } from '../support/eventually.js';

const PAUSE_MS = 300;
const STARTS = 3;

interface Start {
  readonly pid: number;
  readonly starter: number;
  readonly isThere: boolean;
  readonly given: string;
}

/** `last`: what the last of its starts does. */
function begin(last: string) {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-again-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const built = (name: string) => pathToFileURL(join(repository, 'dist/cli', name)).href;
  const script = join(folder, 'begin.mjs');
  writeFileSync(
    script,
    `import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
     import { readEnvironmentFile } from '${built('environment-file.js')}';
     import { STARTER, startAgain, starterIsThere } from '${built('start-again.js')}';
     readEnvironmentFile(process.cwd());
     const { pid, env: { GIVEN: given } } = process;
     const said = { pid, starter: STARTER, isThere: starterIsThere(), given };
     appendFileSync('starts', JSON.stringify(said) + '\\n');
     const count = readFileSync('starts', 'utf8').trim().split('\\n').length;
     if (count === ${STARTS}) { ${last} }
     else {
       writeFileSync('.env', 'GIVEN=' + (count + 1));
       const endedMs = Date.now();
       const between = async () => appendFileSync('between', process.pid + ' ' + (Date.now() - endedMs) + '\\n');
       process.exit(await startAgain(process.cwd(), ${PAUSE_MS}, between));
     }`,
  );
  writeFileSync(join(folder, '.env'), 'GIVEN=1');
  const child = endChildWithThisProcess(spawn(process.execPath, [script], { cwd: folder, stdio: 'ignore' }));
  const lines = (name: string) => readFileSync(join(folder, name), 'utf8').trim().split('\n');
  return { child, lines, starts: () => lines('starts').map((line) => JSON.parse(line) as Start) };
}

it('is the same command after the pause, with .env as it is then, below the process that was started first', async () => {
  const { child, lines, starts } = begin('process.exit(7)');
  expect(await once(child, 'exit')).toEqual([7, null]);
  const made = starts();
  expect(made.map(({ given }) => given)).toEqual(['1', '2', '3']);
  expect(new Set(made.map(({ pid }) => pid)).size).toBe(STARTS);
  expect(made.map(({ starter, isThere }) => [starter, isThere])).toEqual(made.map(() => [child.pid, true]));
  // By the process that has ended, after the pause and before the next one begins.
  const between = lines('between').map((line) => line.split(' ').map(Number));
  expect(between.map(([pid]) => pid)).toEqual(made.slice(0, -1).map(({ pid }) => pid));
  expect(Math.min(...between.map(([, afterMs = 0]) => afterMs))).toBeGreaterThanOrEqual(PAUSE_MS - 1);
});

it('hands a signal on to what was started again, and ends with it', async () => {
  const { child, lines, starts } = begin(
    `process.on('SIGTERM', () => { appendFileSync('ended', 'once\\n'); setTimeout(() => process.exit(0), 100); });
     setInterval(() => undefined, 1_000);
     appendFileSync('waits', 'yes');`,
  );
  await eventually(() => expect(lines('waits')).toEqual(['yes']));
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(lines('ended')).toEqual(['once']);
  expect(starts()).toHaveLength(STARTS);
});
