/** Desks of one installation that share a bot: one reads its updates at a time, and each other says so. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { turnOfBot } from '../../src/telegram/reading/poll-updates.js';

const home = mkdtempSync(join(tmpdir(), 'fermata-bot-'));
const beside = join(home, 'desk-homes', 'second');
const never = new AbortController().signal;
afterAll(() => rmSync(home, { recursive: true, force: true }));

it('is the next desk’s as soon as the one that had it ends', async () => {
  const said: string[] = [];
  const say = (why: string): void => void said.push(why);
  const first = await turnOfBot(home, '1:a', say, never);
  expect(said).toEqual([]);
  const second = turnOfBot(beside, '1:a', say, never);
  expect(said).toHaveLength(1);
  expect(said[0]).toContain('Give this desk a bot of its own');
  first?.release();
  const turn = await second;
  expect(turn).not.toBeNull();
  turn?.release();
});

it('is nobody else’s for another bot, and ends with who waits', async () => {
  const said: string[] = [];
  const say = (why: string): void => void said.push(why);
  const first = await turnOfBot(home, '1:a', say, never);
  const other = await turnOfBot(beside, '2:b', say, never);
  expect(said).toEqual([]);
  const stopping = new AbortController();
  const waiting = turnOfBot(beside, '1:a', say, stopping.signal);
  stopping.abort();
  expect(await waiting).toBeNull();
  for (const turn of [first, other]) turn?.release();
});
