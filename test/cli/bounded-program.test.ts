/** What a program has begun is ended with it, whoever its parent is by then. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { runBounded } from '../../src/cli/bounded-program.js';
import { startTimeOf } from '../../src/supervisor/process-table.js';

/** Each begins the next one and ends: of none of them is a parent left. Over after some seconds in any case. */
const CHAIN = `
  import { spawn } from 'node:child_process';
  import { appendFileSync } from 'node:fs';
  const left = Number(process.argv[2]);
  appendFileSync('links', left + '\\n');
  if (left > 0) setTimeout(() => spawn(process.execPath, ['chain.mjs', left - 1], { detached: true, stdio: 'ignore' }).unref(), 300);
`;
/** Begins a program anew as soon as that has ended. */
const SUPERVISOR = `
  import { spawn } from 'node:child_process';
  import { appendFileSync } from 'node:fs';
  const begin = () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20000)'], { detached: true, stdio: 'ignore' });
    appendFileSync('pids', child.pid + '\\n');
    child.once('exit', begin);
  };
  begin();
`;
const ROOT = `
  import { spawn } from 'node:child_process';
  spawn(process.execPath, ['chain.mjs', '60'], { detached: true, stdio: 'ignore' });
  spawn(process.execPath, ['supervisor.mjs'], { detached: true, stdio: 'ignore' });
  setInterval(() => {}, 1000);
`;

it('a program that takes too long is ended with what its parts have begun and left, or would begin anew', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'fermata-bounded-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  for (const [name, text] of Object.entries({ chain: CHAIN, supervisor: SUPERVISOR, root: ROOT }))
    writeFileSync(join(cwd, `${name}.mjs`), text);
  const what = {
    program: process.execPath,
    args: ['root.mjs'],
    cwd,
    env: process.env,
    log: join(cwd, 'log'),
  };
  const end = await runBounded(what, { ms: 6_000, freeBytesMin: 0 });
  expect(end).toMatchObject({ over: expect.stringContaining('has not ended within') });
  const lines = (file: string): string[] => readFileSync(join(cwd, file), 'utf8').trim().split('\n');
  const links = lines('links').length;
  expect(links).toBeGreaterThan(1);
  await sleep(1_500);
  expect(lines('links')).toHaveLength(links);
  const begun = lines('pids');
  expect(begun).toHaveLength(1);
  expect(await startTimeOf(Number(begun[0]))).toBeNull();
});
