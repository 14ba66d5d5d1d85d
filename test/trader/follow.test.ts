import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { connectTrader } from '../../src/trader/client.js';
import { follow, RecentEntries } from '../../src/trader/control/follow.js';
import type { Journal } from '../../src/trader/journal/journal.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { note } from '../journal/records.js';
import { commandResult, listenIn, shortFolder } from './stub-handlers.js';

async function followedJournal(): Promise<{ journal: Journal; path: string; followers: Socket[] }> {
  const folder = shortFolder();
  const { journal } = await openJournal({ directory: join(folder, 'journal'), segmentBytesMax: 20_000 });
  onTestFinished(() => journal.close());
  const recent = new RecentEntries(journal);
  const followers: Socket[] = [];
  const path = await listenIn(folder, {
    follow: (socket, id, params) => {
      followers.push(socket);
      follow(socket, id, params.fromSequence, recent);
    },
  });
  return { journal, path, followers };
}

async function fill(journal: Journal, count: number, text = ''): Promise<void> {
  for (let index = 0; index < count; index += 1) journal.append(note(`${index} ${text}`), index);
  await journal.whenDurable(journal.lastSequence);
}

it('sends every entry once and in order: from disk, from memory and live', async () => {
  const { journal, path } = await followedJournal();
  await fill(journal, 5000);
  const trader = connectTrader(path);
  onTestFinished(() => trader.close());
  const seen: number[] = [];
  trader.follow(
    3,
    (entry) => seen.push(entry.sequence),
    () => undefined,
  );
  await fill(journal, 500);
  await expect.poll(() => seen.length).toBe(5498);
  await fill(journal, 1);
  await expect.poll(() => seen.at(-1)).toBe(5501);
  expect(seen).toEqual(Array.from({ length: 5499 }, (_, index) => index + 3));
});

it('answers a stop at once while a follower reads the whole journal', async () => {
  const { journal, path } = await followedJournal();
  await fill(journal, 20_000);
  const trader = connectTrader(path);
  onTestFinished(() => trader.close());
  let seen = 0;
  trader.follow(
    1,
    () => (seen += 1),
    () => undefined,
  );
  await expect.poll(() => seen, { interval: 1 }).toBeGreaterThan(0);
  expect(await trader.call('stop', { commandId: 'c-1', by: 'tester', reason: 'a test' })).toEqual(
    commandResult('c-1'),
  );
  expect(seen).toBeLessThan(20_000);
  await expect.poll(() => seen).toBe(20_000);
});

it('holds back for a follower that does not read, and its memory stays bounded', async () => {
  const { journal, path, followers } = await followedJournal();
  await fill(journal, 20_000, 'x'.repeat(300));
  const socket = connect(path);
  onTestFinished(() => void socket.destroy());
  socket.pause();
  socket.write(`${JSON.stringify({ v: 1, id: 1, method: 'follow', params: { fromSequence: 1 } })}\n`);
  await expect.poll(() => followers[0]?.writableLength ?? 0).toBeGreaterThan(1024 * 1024);
  await fill(journal, 1000, 'x'.repeat(300));
  expect(followers[0]!.writableLength).toBeLessThan(1.2 * 1024 * 1024);
  expect(journal.durableSequence).toBe(21_000);
});

it('tells the follower when the trader goes away', async () => {
  const { journal, path, followers } = await followedJournal();
  await fill(journal, 1);
  const trader = connectTrader(path);
  const ends: string[] = [];
  trader.follow(
    1,
    () => undefined,
    (error) => ends.push(error.name),
  );
  await expect.poll(() => followers.length).toBe(1);
  followers[0]!.destroy();
  await expect.poll(() => ends).toEqual(['TraderUnavailable']);
});
