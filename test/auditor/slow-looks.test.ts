/** The auditor beside a trader that takes its connection and gives no answer. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startAuditor } from '../../src/auditor/start-auditor.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { deskPaths, homePaths, type Runtime } from '../../src/home/runtime.js';

const DESK = 'crypto-bot';

it('looks no second time while a look goes on, so that an outage leaves nothing to catch up with', async () => {
  const home = mkdtempSync(join(tmpdir(), 'auditor-'));
  const { controlSocket } = deskPaths(homePaths(home), DESK);
  mkdirSync(dirname(controlSocket), { recursive: true });
  const lines = new Set<Socket>();
  let asked = 0;
  const server = createServer((line) => {
    lines.add(line);
    line.on('error', () => undefined);
    line.on('data', () => {
      asked += 1;
    });
  });
  await new Promise<void>((done) => server.listen(controlSocket, done));
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
    for (const line of lines) line.destroy();
    server.close();
    rmSync(home, { recursive: true });
  });
  const auditor = await startAuditor({ home, desk: DESK, deskFile: resolveDesk(DESK) } as Runtime);
  vi.advanceTimersByTime(30_000);
  await vi.waitFor(() => expect(asked).toBeGreaterThan(0), { timeout: 60_000 });
  await auditor.stop();
  expect(asked).toBe(1);
});
