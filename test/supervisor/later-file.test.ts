/** A log that is written behind the back of who writes lines. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bySize, LaterFile } from '../../src/supervisor/log/rotating-file.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-later-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const opened = (bytesMax: number): LaterFile => {
  const path = join(folder, 'a.log');
  return new LaterFile(path, bySize(path, bytesMax, 1));
};
const text = (name: string): string => {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

it('takes lines at once and writes them in their order, the newest apart from those that were moved away', async () => {
  const file = opened(10);
  file.write('the first');
  file.write('the second');
  expect(text('a.log')).toBe('');
  await expect.poll(() => text('a.log')).toBe('the first\nthe second\n');
  file.write('the third');
  await expect.poll(() => text('a.log')).toBe('the third\n');
  expect(text('a.log.1')).toBe('the first\nthe second\n');
});

it('writes what waits when it is told that the process ends', () => {
  const file = opened(10);
  file.write('the last words');
  file.flush();
  expect(text('a.log')).toBe('the last words\n');
});

it('bounds what waits, says what it dropped, and goes on where it can’t write', async () => {
  mkdirSync(join(folder, 'a.log'));
  const file = opened(1_000_000);
  file.write('lost');
  file.flush();
  rmSync(join(folder, 'a.log'), { recursive: true });
  for (let line = 0; line < 5_003; line += 1) file.write('x');
  await expect.poll(() => text('a.log')).toMatch(/^(x\n){5000}3 lines were dropped: the disk is too slow\n$/);
});
