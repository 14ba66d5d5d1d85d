/** What an activity orders of the supervisor, which ends it with everything else, and finds when it is tried again. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { buildIdAt } from '../../src/domain/build.js';
import { type BuildSwitch, concludeSwitch, keepBuild, orderSwitch } from '../../src/home/builds.js';
import { type RestoreOrder, writeRestoreOrder } from '../../src/home/restore-mark.js';
import { homePaths } from '../../src/home/runtime.js';
import { supervisorSocketPath } from '../../src/home/supervisor-protocol.js';
import { openSupervisorSocket } from '../../src/supervisor/supervisor-socket.js';
import { watchProcesses } from '../../src/worker/watch-processes.js';

const notAsked = (): never => {
  throw new Error('not asked here');
};

type Restore = (asked: Pick<RestoreOrder, 'key' | 'by'>, home: string) => void;
type Switch = (asked: Pick<BuildSwitch, 'key' | 'by' | 'to'>, home: string) => void;

/** What the supervisor does when it is asked; null: none answers. */
async function home(order: Restore | null, switching: Switch = notAsked) {
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
          switchBuild: (asked) => {
            switching(asked, home);
            return { starter: process.pid };
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
    switchTo: (to: string, signal = ending.signal) =>
      processes.switchBuild({ key: 'k', by: 'anna', to }, signal),
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

const BUILD = buildIdAt(Date.UTC(2026, 0, 10), 'a'.repeat(40));
const putBuild = (home: string): void => {
  const made = { commit: 'c', version: '1', from: '/x', updated: [], testedMs: 1, testsTookMs: 1 };
  keepBuild(home, { id: BUILD, ...made });
};

it('has a build switched once, and is told by the next attempt which one runs', async () => {
  let asked = 0;
  const at = await home(notAsked, (order, folder) => {
    asked += 1;
    orderSwitch(folder, { ...order, starter: process.pid });
    at.end();
  });
  putBuild(at.home);
  await expect(at.switchTo(BUILD)).rejects.toThrow('abort');
  concludeSwitch(at.home, { switched: false, says: 'the former build is started again' });
  expect(await at.switchTo(BUILD, new AbortController().signal)).toEqual({
    ...{ switched: false, says: 'the former build is started again' },
  });
  expect(asked).toBe(1);
});

it('says why a build is not switched, and where nobody looks after one on trial any more', async () => {
  const refused = await home(notAsked, () => {
    throw new Error('there is no tested build');
  });
  expect(await refused.switchTo(BUILD)).toEqual({
    ...{ switched: false, says: 'the build was not switched: there is no tested build' },
  });
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  const left = await home(notAsked, (order, folder) => orderSwitch(folder, { ...order, starter: gone }));
  putBuild(left.home);
  expect(await left.switchTo(BUILD)).toMatchObject({
    ...{ switched: false, says: expect.stringContaining('nobody has proven') },
  });
});
