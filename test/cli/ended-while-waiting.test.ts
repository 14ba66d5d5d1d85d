import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { unlessEnded } from '../../src/cli/running-desk.js';
import { homePaths } from '../../src/home/runtime.js';
import { supervisorSocketPath } from '../../src/home/supervisor-protocol.js';
import { openSupervisorSocket } from '../../src/supervisor/supervisor-socket.js';
import { runCommand } from './run-command.js';
import { writeRuntime } from './trader-double.js';

it('waits no longer for a desk that has ended, and says what is certain', async () => {
  const home = mkdtempSync(join(tmpdir(), 'fermata-ended-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  mkdirSync(homePaths(home).run);
  const runtime = { home, desk: 'crypto-bot' };
  await expect(unlessEnded(runtime, new Promise(() => {}))).rejects.toMatchObject({
    message: 'desk crypto-bot ended before it answered',
    doThis: expect.stringContaining('fermata up'),
  });
  await expect(unlessEnded(runtime, Promise.resolve('proven'))).resolves.toBe('proven');
});

it('says of a process that was started again that it does not have what was written into .env since', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-restarted-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { home, desk } = writeRuntime(join(folder, 'home'));
  const other = () => {
    throw new Error('asked for nothing else');
  };
  const startedWallMs = Date.now() - 60_000;
  const socket = await openSupervisorSocket(supervisorSocketPath(home), {
    who: () => ({ pid: process.pid, desk, startedWallMs, phase: 'running' }),
    restart: async () => ({ name: 'trader', state: 'running', pid: 7, restarts: 0, startedWallMs }),
    ...{ processes: other, stop: other, startAgain: other, restoreDatabase: other, switchBuild: other },
  });
  onTestFinished(() => socket.close());
  const restart = () => runCommand(folder, ['restart', 'trader']);
  expect(await restart()).toEqual({ code: 0, out: '✓ trader was started again (process 7)\n', err: '' });
  const file = join(folder, '.env');
  writeFileSync(file, 'BINANCE_API_KEY=new\n');
  expect((await restart()).err).toMatch(
    /^! \.env was changed .* trader has what stood .*: fermata restart --all/,
  );
  utimesSync(file, 0, (startedWallMs - 1) / 1_000);
  expect((await restart()).err).toBe('');
});

it('runs no routine on a desk that is ending, and says so at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-ending-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { home, desk } = writeRuntime(join(folder, 'home'));
  const asked: string[] = [];
  const other = () => {
    throw new Error('asked for nothing else');
  };
  const socket = await openSupervisorSocket(supervisorSocketPath(home), {
    who: () => {
      asked.push('who');
      return { pid: process.pid, desk, startedWallMs: 0, phase: 'stopping' };
    },
    ...{ processes: other, stop: other, restart: other, startAgain: other },
    ...{ restoreDatabase: other, switchBuild: other },
  });
  onTestFinished(() => socket.close());
  const { code, err } = await runCommand(folder, ['run', 'pre-market']);
  expect(err).toContain('desk crypto-bot is ending');
  expect(err).toContain('routine pre-market was not run');
  expect(err).toMatch(/^ {2}do this: {3}once it runs again \(fermata up\): fermata schedules$/m);
  expect(code).toBe(1);
  expect(asked).toEqual(['who']);
});
