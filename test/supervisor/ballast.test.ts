import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { watchDisk } from '../../src/supervisor/ballast.js';

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
