import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  type KeeperNews,
  NotYet,
  ProcessKeeper,
  type Running,
  StartRefused,
} from '../../src/supervisor/keep-running.js';
import {
  type Exit,
  endProcess,
  type ManagedProcess,
  spawnProcess,
} from '../../src/supervisor/managed-process.js';
import { until } from '../support/eventually.js';

const STOP = [{ signal: 'SIGTERM', waitMs: 2_000 }] as const;

async function startSleeper(): Promise<Running> {
  const output = { to: 'lines', onLine: () => undefined } as const;
  const child = await spawnProcess({ name: 'sleeper', command: 'sleep', args: ['60'], output });
  return { process: child, stop: async () => void (await endProcess(child, STOP)) };
}

function keeperOf(
  start: () => Promise<Running>,
  refusedAgain = { firstMs: 10, mostMs: 20 },
): { keeper: ProcessKeeper; news: KeeperNews[] } {
  const news: KeeperNews[] = [];
  const onNews = (each: KeeperNews) => news.push(each);
  return { keeper: new ProcessKeeper({ name: 'sleeper', start, onNews, refusedAgain }), news };
}

const kinds = (news: readonly KeeperNews[]): string[] => news.map(({ kind }) => kind);

test('after five deaths within two minutes it stays down, until somebody asks for a restart', async () => {
  let starts = 0;
  const { keeper, news } = keeperOf(async () => {
    starts += 1;
    return startSleeper();
  });
  await keeper.start();
  for (let death = 1; death <= 5; death += 1) {
    const running = await until('running', () => keeper.status.state === 'running' && keeper.process);
    process.kill((running as ManagedProcess).pid, 'SIGKILL');
    await until('its death', () => news.filter(({ kind }) => kind === 'died').length === death);
  }
  expect(keeper.status).toMatchObject({ state: 'down', pid: null });
  expect(kinds(news).at(-1)).toBe('stays-down');
  expect(starts).toBe(5);
  const waits = news.flatMap((each) => (each.kind === 'restarting' ? [each.inMs] : []));
  expect(waits).toEqual([0, 250, 500, 1000]);
  await keeper.restart();
  expect(keeper.status.state).toBe('running');
  await keeper.stop();
});

test('deaths of long ago do not count where the clock was set back since', async () => {
  const { keeper, news } = keeperOf(startSleeper);
  await keeper.start();
  const die = async (death: number) => {
    const running = await until('running', () => keeper.status.state === 'running' && keeper.process);
    process.kill((running as ManagedProcess).pid, 'SIGKILL');
    await until('its death', () => news.filter(({ kind }) => kind === 'died').length === death);
  };
  for (let death = 1; death <= 4; death += 1) await die(death);
  const [wallMs, steadyMs] = [Date.now.bind(Date), performance.now.bind(performance)];
  vi.spyOn(performance, 'now').mockImplementation(() => steadyMs() + 3 * 60_000);
  vi.spyOn(Date, 'now').mockImplementation(() => wallMs() - 3_600_000);
  onTestFinished(() => void vi.restoreAllMocks());
  await die(5);
  await until('running again', () => keeper.status.state === 'running');
  expect(kinds(news)).not.toContain('stays-down');
  expect(Date.now() - (keeper.status.lastDeath?.atMs ?? 0)).toBeLessThan(60_000);
  await keeper.stop();
});

test('why it was killed is part of how it ended, and of no later end', async () => {
  const { keeper, news } = keeperOf(startSleeper);
  await keeper.start();
  for (const [why, how] of [
    ['it had not answered for 12 s', 'SIGKILL: it had not answered for 12 s'],
    [null, 'SIGKILL'],
  ] as const) {
    const before = news.length;
    if (why !== null) keeper.blame(why);
    process.kill(keeper.process?.pid ?? Number.NaN, 'SIGKILL');
    await until('running again', () => kinds(news.slice(before)).includes('running-again'));
    expect(keeper.status.lastDeath).toMatchObject({ how });
  }
  // Ended in order before it was killed: its silence is not how the next one dies.
  keeper.blame('it had not answered for 12 s');
  await keeper.restart();
  const before = news.length;
  process.kill(keeper.process?.pid ?? Number.NaN, 'SIGKILL');
  await until('running again', () => kinds(news.slice(before)).includes('running-again'));
  expect(keeper.status.lastDeath).toMatchObject({ how: 'SIGKILL' });
  await keeper.stop();
});

test('what ended in order elsewhere is started again, and has not died', async () => {
  let end: (exit: Exit) => void = () => undefined;
  const { keeper, news } = keeperOf(async () => {
    const { process: child, stop } = await startSleeper();
    const elsewhere = new Promise<Exit>((resolve) => {
      end = (exit) => void stop().then(() => resolve(exit));
    });
    return { process: { ...child, exited: elsewhere }, stop };
  });
  await keeper.start();
  for (let time = 1; time <= 6; time += 1) {
    end({ code: 0, signal: null, moved: true });
    await until(
      'running again',
      () => kinds(news).filter((kind) => kind === 'running-again').length === time,
    );
  }
  expect(new Set(kinds(news))).toEqual(new Set(['moves', 'running-again']));
  expect(keeper.status).toMatchObject({ state: 'running', lastDeath: null });
  await keeper.stop();
});

test('a restart that fails counts as a death and is tried again', async () => {
  let failures = 0;
  const { keeper, news } = keeperOf(async () => {
    if (failures-- > 0) throw new Error('not this time');
    return startSleeper();
  });
  await keeper.start();
  failures = 1;
  process.kill(keeper.process?.pid ?? Number.NaN, 'SIGKILL');
  await until('running again', () => kinds(news).includes('running-again'));
  expect(kinds(news)).toEqual(['died', 'restarting', 'died', 'restarting', 'running-again']);
  await keeper.stop();
});

const refusal = new StartRefused('another one answers there', 'End it');

test('a start that somebody asked for and that is refused, because something else is used in its place, is no death, and is told once', async () => {
  let isRefused = false;
  const { keeper, news } = keeperOf(async () => {
    if (isRefused) throw refusal;
    return startSleeper();
  });
  await keeper.start();
  isRefused = true;
  await expect(keeper.restart()).rejects.toThrow('another one answers there. End it');
  expect(keeper.status).toMatchObject({ state: 'stopped', lastDeath: null });
  isRefused = false;
  // Longer than what is tried again by itself would take.
  await sleep(200);
  expect(keeper.status).toMatchObject({ state: 'stopped' });
  await keeper.restart();
  expect(news).toEqual([{ kind: 'refused', refusal, isAwaited: false }, { kind: 'running-again' }]);
  await keeper.stop();
});

test('what can’t start for now is tried until it can, however long that takes, and it is told once', async () => {
  let isAway = false;
  let tries = 0;
  const { keeper, news } = keeperOf(async () => {
    tries += 1;
    if (isAway) throw new NotYet('no venue gives prices.');
    return startSleeper();
  });
  await keeper.start();
  [isAway, tries] = [true, 0];
  process.kill(keeper.process?.pid ?? Number.NaN, 'SIGKILL');
  // More often than what dies may.
  await until('many tries', () => tries > 7);
  expect(keeper.status).toMatchObject({ state: 'restarting', restarts: 1, lastDeath: { how: 'SIGKILL' } });
  await expect(keeper.restart()).rejects.toThrow('no venue gives prices.');
  isAway = false;
  await until('running', () => keeper.status.state === 'running');
  expect(kinds(news)).toEqual(['died', 'restarting', 'refused', 'running-again']);
  isAway = true;
  process.kill(keeper.process?.pid ?? Number.NaN, 'SIGKILL');
  await until('away again', () => kinds(news).length === 7);
  await keeper.stop();
  const before = tries;
  await sleep(200);
  expect([tries, keeper.status.state]).toEqual([before, 'stopped']);
});

test('what died and is refused then is tried again until it runs, told once, and by nobody once it is stopped', async () => {
  let isRefused = false;
  let tries = 0;
  const { keeper, news } = keeperOf(async () => {
    tries += 1;
    if (isRefused) throw refusal;
    return startSleeper();
  });
  await keeper.start();
  const die = async (): Promise<void> => {
    [isRefused, tries] = [true, 0];
    process.kill(keeper.process?.pid ?? Number.NaN, 'SIGKILL');
    await until('several tries', () => tries > 3);
    expect(keeper.status).toMatchObject({ state: 'stopped', lastDeath: { how: 'SIGKILL' } });
  };
  await die();
  // Who asks for it meanwhile is told, and it goes on being tried.
  await expect(keeper.restart()).rejects.toThrow('another one answers there');
  isRefused = false;
  await until('running', () => keeper.status.state === 'running');
  const refused = { kind: 'refused', refusal, isAwaited: true };
  expect(news).toEqual([
    ...[
      { kind: 'died', how: 'SIGKILL', lastLines: [] },
      { kind: 'restarting', inMs: 0 },
    ],
    ...[refused, refused, { kind: 'running-again' }],
  ]);
  await die();
  await keeper.stop();
  isRefused = false;
  const before = tries;
  await sleep(200);
  expect([tries, keeper.status.state]).toEqual([before, 'stopped']);
});

test('what is stopped while it is about to be restarted stays stopped', async () => {
  let stopped: Promise<void> | null = null;
  const seen: string[] = [];
  const keeper: ProcessKeeper = new ProcessKeeper({
    name: 'sleeper',
    start: startSleeper,
    onNews: ({ kind }) => {
      seen.push(kind);
      if (kind === 'restarting') stopped = keeper.stop();
    },
  });
  await keeper.start();
  process.kill(keeper.process?.pid ?? Number.NaN, 'SIGKILL');
  await until('the stop', () => stopped !== null);
  await stopped;
  expect(keeper.status).toMatchObject({ state: 'stopped', pid: null });
  expect(seen).toEqual(['died', 'restarting']);
});

test('a process that ignores the request to stop is killed with everything in its group', async () => {
  const script = 'trap "" TERM; sleep 61 & echo $!; wait; sleep 61';
  const lines: string[] = [];
  const output = { to: 'lines', onLine: (line: string) => void lines.push(line) } as const;
  const child = await spawnProcess({ name: 'stubborn', command: 'sh', args: ['-c', script], output });
  await until('its child', () => lines[0]);
  expect(await endProcess(child, [{ signal: 'SIGTERM', waitMs: 200 }])).toBe(false);
  await until('the end of its child', () => {
    try {
      process.kill(Number(lines[0]), 0);
      return false;
    } catch {
      return true;
    }
  });
});
