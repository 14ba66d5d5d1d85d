/** A role in the process of another desk, from both ends of the socket between them. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { asTyped, logOutput, readyOrEnding } from '../../src/home/desk-in-process.js';
import { tryLockFile } from '../../src/home/file-lock.js';
import { homeOf } from '../../src/home/installation.js';
import type { Role, Runtime } from '../../src/home/runtime.js';
import { roleLock, sharedSocket } from '../../src/home/shared-process.js';
import { type JoinedRole, joinRole, sharingOf } from '../../src/supervisor/joined-role.js';
import { ROLE_SCRIPT } from '../../src/supervisor/start-role.js';
import { type SharedProcess, shareProcess } from '../../src/worker/share-process.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { eventually } from '../support/eventually.js';

let installation: string;
let second: string;
let path: string;
let shared: SharedProcess | null;
let begun: Runtime[];
let stopped: string[];
let lines: string[];

const role = (runtime: Runtime): Role => ({
  stop: async () => {
    stopped.push(runtime.desk);
  },
});

beforeEach(() => {
  installation = mkdtempSync(join(tmpdir(), 'fermata-shared-'));
  homeOf(installation, 'first');
  second = homeOf(installation, 'second');
  mkdirSync(join(second, 'run'), { recursive: true });
  writeFileSync(join(second, 'run', 'runtime.json'), JSON.stringify({ home: second, desk: 'second' }));
  path = sharedSocket(installation, 'web');
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  [shared, begun, stopped, lines] = [null, [], [], []];
});

afterEach(async () => {
  await shared?.close();
  for (const folder of [installation, dirname(path)]) rmSync(folder, { recursive: true, force: true });
});

const share = async (start: (runtime: Runtime) => Promise<Role>): Promise<void> => {
  shared = await shareProcess(path, 'alike', async (runtime) => {
    begun.push(runtime);
    return start(runtime);
  });
};

const lockFile = (): string => roleLock(second, 'web');

const join2 = (sharing = 'alike', stopMs = 5_000): Promise<JoinedRole | null> =>
  joinRole({
    name: 'web',
    home: second,
    joining: {
      v: 1,
      sharing,
      runtimeFile: join(second, 'run', 'runtime.json'),
      lockFile: lockFile(),
      stopMs,
    },
    onLine: (line) => lines.push(line),
  });

const joinedNow = async (stopMs?: number): Promise<JoinedRole> => {
  const joined = await join2('alike', stopMs);
  if (joined === null) throw new Error('it was not taken in');
  return joined;
};

describe('a role in the process of another desk', () => {
  it('runs until its supervisor stops it, and what it says is its own desk’s', async () => {
    await share(async (runtime) => {
      logOutput()?.write(`${asTyped('do this: fermata status')}\n`);
      return role(runtime);
    });
    const joined = await joinedNow();
    expect(await joined.ready).toBeNull();
    expect(joined.process).toMatchObject({ name: 'web', pid: process.pid });
    expect(lines).toEqual([expect.stringContaining('fermata --desk second status')]);
    expect(asTyped('fermata status')).not.toContain('--desk');
    await joined.stop();
    expect(stopped).toEqual(['second']);
    expect(joined.process.alive()).toBe(false);
  });

  it('moves where the process ends in order, and has died where the process did', async () => {
    await share(async (runtime) => role(runtime));
    const moved = await joinedNow();
    await moved.ready;
    await shared?.close();
    expect(await moved.process.exited).toMatchObject({ moved: true });
    expect(stopped).toEqual(['second']);

    const host = hostElsewhere('stop: async () => undefined');
    const joined = await eventually(() => joinedNow());
    process.kill(joined.process.pid, 'SIGKILL');
    expect(await joined.process.exited).toEqual({ code: null, signal: null, how: expect.any(String) });
    await host;
  });

  it('ends with its supervisor', async () => {
    await share(async (runtime) => role(runtime));
    const supervisor = connect(path);
    const runtimeFile = join(second, 'run', 'runtime.json');
    supervisor.write(
      `${JSON.stringify({ v: 1, sharing: 'alike', runtimeFile, lockFile: lockFile(), stopMs: 1_000 })}\n`,
    );
    await eventually(() => expect(begun).toHaveLength(1));
    supervisor.destroy();
    await eventually(() => expect(stopped).toEqual(['second']));
  });

  it('that does not stop in time ends the process it is in', async () => {
    const host = hostElsewhere('stop: () => new Promise(() => undefined)');
    const joined = await eventually(() => joinedNow(200));
    expect(await joined.ready).toBeNull();
    await joined.stop();
    expect(await host).toBe(1);
  });

  it('stops although it is not ready, which it may not be for as long as Temporal is down', async () => {
    await share(async (runtime) => {
      await readyOrEnding(new Promise(() => undefined));
      return role(runtime);
    });
    const joined = await joinedNow();
    await eventually(() => expect(begun).toHaveLength(1));
    await joined.stop();
    expect(await joined.process.exited).toMatchObject({ moved: true });
    expect(stopped).toEqual(['second']);
  });

  it('begins only once what was let go of before has ended', async () => {
    let end = (): void => undefined;
    const ending = new Promise<void>((resolve) => {
      end = resolve;
    });
    await share(async () => ({ stop: () => ending }));
    const hurried = new AbortController();
    // Whoever hosts it ends where that takes longer: here this very process.
    const first = await joinedNow(60_000);
    expect(await first.ready).toBeNull();
    hurried.abort();
    await first.stop(hurried.signal);
    expect(tryLockFile(lockFile())).toBeNull();
    const next = await joinedNow();
    await sleep(300);
    expect(begun).toHaveLength(1);
    end();
    expect(await next.ready).toBeNull();
    expect(begun).toHaveLength(2);
    await next.stop();
    const free = tryLockFile(lockFile());
    expect(free).not.toBeNull();
    free?.release();
  });

  it('does not begin for a supervisor that has found another place for it meanwhile', async () => {
    await share(async (runtime) => role(runtime));
    const elsewhere = tryLockFile(lockFile());
    const joined = await joinedNow();
    await joined.stop();
    elsewhere?.release();
    expect(begun).toEqual([]);
  });

  it('moves also where the process ends before it has stopped', async () => {
    const host = hostElsewhere(
      'stop: () => new Promise(() => undefined)',
      'setTimeout(() => shared.close(), 300)',
    );
    const joined = await eventually(() => joinedNow(300));
    expect(await joined.process.exited).toMatchObject({ moved: true });
    expect(await host).toBe(1);
  });

  it('is not taken in by a process that ends', async () => {
    let end = (): void => undefined;
    const ending = new Promise<void>((resolve) => {
      end = resolve;
    });
    await share(async () => ({ stop: () => ending }));
    const waits = connect(path);
    const answered = new Promise<string>((resolve) => waits.once('data', (data) => resolve(String(data))));
    await (await joinedNow()).ready;
    const closing = shared?.close();
    const runtimeFile = join(second, 'run', 'runtime.json');
    waits.write(
      `${JSON.stringify({ v: 1, sharing: 'alike', runtimeFile, lockFile: lockFile(), stopMs: 1_000 })}\n`,
    );
    expect(await answered).toContain('this process ends');
    end();
    await closing;
    expect(begun).toHaveLength(1);
    waits.destroy();
  });

  it('is not taken in by the connection on which it was refused', async () => {
    await share(async (runtime) => role(runtime));
    const refused = connect(path);
    const runtimeFile = join(second, 'run', 'runtime.json');
    const asking = (sharing: string) =>
      `${JSON.stringify({ v: 1, sharing, runtimeFile, lockFile: lockFile(), stopMs: 1_000 })}\n`;
    const ended = new Promise((resolve) => refused.once('close', resolve));
    refused.resume();
    refused.write(`${asking('otherwise')}${asking('alike')}`);
    await ended;
    expect(begun).toEqual([]);
  });

  it('says why it did not start', async () => {
    await share(() => Promise.reject(new Error('port 8000 is taken')));
    const joined = await joinedNow();
    expect(await joined.ready).toBe('port 8000 is taken');
    await joined.stop();
    expect(joined.process.alive()).toBe(false);
  });

  it('is not taken in by a process that was started otherwise, nor by what left its socket there', async () => {
    await share(async (runtime) => role(runtime));
    expect(await join2('otherwise')).toBeNull();
    expect(begun).toEqual([]);
    await shared?.close();
    shared = null;
    writeFileSync(path, '');
    expect(await join2()).toBeNull();
  });
});

/** A process of its own that takes in `web`, and then does what `begun` says; resolves with its exit code. */
function hostElsewhere(stop: string, begun = ''): Promise<number | null> {
  const module = new URL('../worker/share-process.js', `file://${ROLE_SCRIPT}`).href;
  const code = `const { shareProcess } = await import(${JSON.stringify(module)});
    setInterval(() => undefined, 1000);
    const shared = await shareProcess(${JSON.stringify(path)}, 'alike', async () => {
      ${begun}
      return { ${stop} };
    });`;
  const args = ['--input-type=module', '-e', code];
  const child = endChildWithThisProcess(spawn(process.execPath, args, { stdio: 'ignore' }));
  onTestFinished(() => void child.kill('SIGKILL'));
  return new Promise((resolve) => {
    child.once('exit', (exit) => resolve(exit));
  });
}

describe('who may share', () => {
  const env = { PATH: '/bin', BINANCE_API_KEY: 'one' };
  const of = (more: NodeJS.ProcessEnv = {}) => sharingOf('web', ROLE_SCRIPT, { ...env, ...more });

  it('is whoever was started with the same environment, whatever the terminal', () => {
    expect(of({ SHLVL: '2', TERM: 'xterm', SSH_CLIENT: 'a', FERMATA_DESK: 'second' })).toBe(of());
    expect(of({ SSH_AUTH_SOCK: '/of-one' })).not.toBe(of());
    expect(of({ BINANCE_API_KEY: 'another' })).not.toBe(of());
    expect(of({ TELEGRAM_BOT_TOKEN: 'bot' })).not.toBe(of());
  });

  it('is nobody whose programs would be given another desk’s variable', () => {
    const given = (more: NodeJS.ProcessEnv, ...names: string[]) =>
      sharingOf('operations-worker', ROLE_SCRIPT, { ...env, ...more }, names);
    const [first, second] = [{ FERMATA_DESK: 'first' }, { FERMATA_DESK: 'second' }];
    expect(given(first, 'PATH')).toBe(given(second));
    expect(given(first, 'FERMATA_DESK')).not.toBe(given(second, 'FERMATA_DESK'));
    expect(given({}, 'FERMATA_DESK')).not.toBe(given(second));
  });

  it('is nobody whose role a stop goes through', () => {
    for (const name of ['trader', 'engine-worker', 'auditor'] as const)
      expect(sharingOf(name, ROLE_SCRIPT, env)).toBeNull();
  });
});
