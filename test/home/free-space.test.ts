import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ensureBallast, freeBytes, watchDisk, whyNotWritable } from '../../src/home/free-space.js';

/** Has no free space, ever. */
const FULL = '/proc';

it('a full disk whose reserved space can not be freed is told of, and ends nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-'));
  const ballast = join(folder, 'ballast');
  // Can't be removed as a file can.
  mkdirSync(ballast);
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  const told: number[] = [];
  const watch = watchDisk(ballast, FULL, (freeMb) => told.push(freeMb));
  onTestFinished(() => {
    watch.close();
    process.off('unhandledRejection', note);
    vi.useRealTimers();
    rmSync(folder, { recursive: true });
  });
  for (let look = 0; look < 2; look += 1) {
    vi.advanceTimersByTime(10_000);
    await vi.waitFor(() => expect(told.length + unhandled.length).toBe(look + 1), { timeout: 60_000 });
  }
  expect({ unhandled, told }).toEqual({ unhandled: [], told: [0, 0] });
});

it('reserves the space again once there is room, and tells of the next full disk too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-'));
  const ballast = join(folder, 'ballast');
  const MB = 1024 * 1024;
  let free = 1024 * MB;
  await ensureBallast(ballast, folder);
  const size = () => (existsSync(ballast) ? statSync(ballast).size : 0);
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const told: number[] = [];
  const watch = watchDisk(
    ballast,
    folder,
    (freeMb) => told.push(freeMb),
    async () => free,
  );
  onTestFinished(() => {
    watch.close();
    vi.useRealTimers();
    rmSync(folder, { recursive: true });
  });
  const lookUntil = (holds: () => void): Promise<void> =>
    vi.waitFor(
      () => {
        vi.advanceTimersByTime(10_000);
        holds();
      },
      { timeout: 60_000 },
    );
  for (const count of [1, 2]) {
    free = 10 * MB;
    await lookUntil(() => expect(told).toHaveLength(count));
    expect(size()).toBe(0);
    // What the reserve itself gave back is no room for another one.
    free = 74 * MB;
    await lookUntil(() => expect(size()).toBe(0));
    free = 1024 * MB;
    await lookUntil(() => expect(size()).toBe(64 * MB));
  }
  expect(told).toEqual([10, 10]);
});

it('is that of the disk on which a home will lie, before its first start', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'before-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(await freeBytes(join(folder, 'not', 'there', 'yet'))).toBeGreaterThan(0);
});

it('is tried by a write, of which nothing stays', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tried-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(whyNotWritable(folder)).toBeNull();
  expect(readdirSync(folder)).toEqual([]);
  expect(whyNotWritable(join(folder, 'gone'))).toContain('ENOENT');
});
