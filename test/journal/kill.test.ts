import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { temporaryDirectory } from './records.js';

const CHILD = fileURLToPath(new URL('append-until-killed.ts', import.meta.url));

/** However slow the disk is, each writer gets so far. */
const BATCHES = 3;

/** Runs a writer, kills it `afterMs` after its first acknowledged batches; gives the last sequence it acknowledged. */
async function killedWriter(directory: string, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, directory, '20000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endChildWithThisProcess(child);
  let output = '';
  const begun = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (output.split('safe').length > BATCHES) resolve();
    });
  });
  const closed = once(child, 'close');
  await begun;
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  child.kill('SIGKILL');
  await closed;
  return Math.max(...[...output.matchAll(/safe (\d+)\n/g)].map((match) => Number(match[1])));
}

it('loses nothing that was acknowledged, killed again and again while it appends', async () => {
  const directory = temporaryDirectory();
  for (const afterMs of [0, 3, 11, 26, 60, 97]) {
    const acknowledged = await killedWriter(directory, afterMs);
    const { journal } = await openJournal({ directory });
    expect(journal.lastSequence).toBeGreaterThanOrEqual(acknowledged);
    await journal.close();
  }
  let expected = 1;
  for (const { sequence, record } of readJournal(directory)) {
    expect(sequence).toBe(expected);
    expect(record).toMatchObject({ text: expect.stringContaining(`record ${sequence} `) });
    expected += 1;
  }
  expect(expected).toBeGreaterThan(100);
});
