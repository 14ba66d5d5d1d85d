/** What an incident's activity asks of the supervisor, which ends it, and finds when it is tried again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { type RestoreOrder, writeRestoreOrder } from '../../src/home/restore-order.js';
import { homePaths } from '../../src/home/runtime.js';
import { supervisorSocketPath } from '../../src/home/supervisor-protocol.js';
import { openSupervisorSocket } from '../../src/supervisor/supervisor-socket.js';
import { watchProcesses } from '../../src/worker/watch-processes.js';

const notAsked = (): never => {
  throw new Error('not asked here');
};

/** `order`: what the supervisor does when it is asked. */
async function home(order: ((asked: Pick<RestoreOrder, 'key' | 'by'>, home: string) => void) | null) {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-order-'));
  const { home, sockets } = homePaths(folder);
  vi.stubEnv('FERMATA_RUNTIME', 'given');
  const socket =
    order === null
      ? null
      : await openSupervisorSocket(supervisorSocketPath(home), {
          who: notAsked,
          processes: () => [],
          stop: notAsked,
          restart: notAsked,
          startAgain: notAsked,
          restoreDatabase: (asked) => {
            order(asked, home);
            return { backupId: 'then' };
          },
        });
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await socket?.close();
    rmSync(sockets, { recursive: true, force: true });
    rmSync(home, { recursive: true, force: true });
  });
  const processes = watchProcesses({ home }, { call: notAsked });
  const ending = new AbortController();
  return {
    home,
    end: () => ending.abort(),
    restore: (key: string) => processes.restoreDatabase(key, 'anna', ending.signal),
    afterRestart: (key: string) => processes.restoreDatabase(key, 'anna', new AbortController().signal),
  };
}

const ordered = (key: string, outcome: RestoreOrder['outcome'] = null): RestoreOrder => ({
  ...{ key, by: 'anna', backupId: 'then', passedOver: [], outcome },
});

it('orders it once, ends with its worker, and is told how it went by the next attempt', async () => {
  const asked: string[] = [];
  const at = await home(({ key, by }, folder) => {
    asked.push(`${key} ${by}`);
    writeRestoreOrder(folder, ordered(key));
    at.end();
  });
  // One of before is another's.
  writeRestoreOrder(at.home, ordered('earlier', { restored: true, says: 'long ago' }));
  await expect(at.restore('k')).rejects.toThrow('abort');
  writeRestoreOrder(at.home, ordered('k', { restored: true, says: 'in its place' }));
  expect(await at.afterRestart('k')).toEqual({ restored: true, says: 'in its place' });
  expect(asked).toEqual(['k anna']);
});

it('says why it was refused, unless an attempt before it has ordered it already', async () => {
  const at = await home(() => {
    throw new Error('there is no good backup of slob');
  });
  expect(await at.restore('k')).toEqual({
    ...{ restored: false, says: 'nothing was restored: there is no good backup of slob' },
  });
  const twice = await home(({ key }, folder) => {
    writeRestoreOrder(folder, ordered(key, { restored: true, says: 'in its place' }));
    throw new Error('the desk is ending already');
  });
  expect(await twice.restore('k')).toEqual({ restored: true, says: 'in its place' });
});

it('is tried again where no supervisor answers', async () => {
  const at = await home(null);
  await expect(at.restore('k')).rejects.toMatchObject({ name: 'SocketSilent' });
});
