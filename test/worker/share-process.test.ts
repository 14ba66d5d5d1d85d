/** A role in the process of another desk, from both ends of the socket between them. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
import { eventually, until } from '../support/eventually.js';

/** Of a role that asks nothing of them. */
const NOWHERE = { env: {}, folder: '/' };

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

const join2 = (sharing = 'alike', stopMs = 5_000, env: NodeJS.ProcessEnv = {}): Promise<JoinedRole | null> =>
  joinRole({
    name: 'web',
    home: second,
    joining: {
      v: 2,
      sharing,
      surroundings: { env, folder: second },
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
      `${JSON.stringify({ v: 2, surroundings: NOWHERE, sharing: 'alike', runtimeFile, lockFile: lockFile(), stopMs: 1_000 })}\n`,
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
      `${JSON.stringify({ v: 2, surroundings: NOWHERE, sharing: 'alike', runtimeFile, lockFile: lockFile(), stopMs: 1_000 })}\n`,
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
      `${JSON.stringify({ v: 2, surroundings: NOWHERE, sharing, runtimeFile, lockFile: lockFile(), stopMs: 1_000 })}\n`;
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

  it('leaves no garbage of its start, and nothing by which other code could collect any', async () => {
    const ended = firstDesk(`
      const { runInNewContext } = await import('node:vm');
      let held = Array.from({ length: 400_000 }, (_, at) => ({ text: 'held ' + at }));
      const most = process.memoryUsage().heapUsed;
      held = null;
      const mine = logOutput();
      const said = () => [process.memoryUsage().heapUsed < most / 2, runInNewContext('typeof gc')];
      setTimeout(() => mine.write(JSON.stringify(said())), 300);`);
    const joined = await eventually(() => joinedWith(SECOND));
    expect(await joined.ready).toBeNull();
    await until('what it says', () => lines.length > 0);
    expect(lines).toEqual(['[true,"undefined"]']);
    await joined.stop();
    expect((await ended).code).toBe(0);
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

/**
 * A whole process of the first desk, with a key of its own, that takes in the second; `role`: what a role does there once it was
 * taken in. Resolves with what it wrote and how it ended.
 */
function firstDesk(role: string): Promise<{ readonly code: number | null; readonly said: string }> {
  const of = (name: string): string => JSON.stringify(new URL(`../${name}.js`, `file://${ROLE_SCRIPT}`).href);
  const code = `
    const { separateDesks, shareProcess } = await import(${of('worker/share-process')});
    const { deskEnvironment, secretVariable } = await import(${of('desk/desk-environment')});
    const { isSeparate } = await import(${of('worker/run-separately')});
    const { logOutput } = await import(${of('home/desk-in-process')});
    const say = (what) => logOutput().write(JSON.stringify(what));
    let whoseIsIt = () => null;
    setInterval(() => whoseIsIt(), 10);
    const asFirst = separateDesks(${JSON.stringify(installation)});
    await shareProcess(${JSON.stringify(path)}, 'alike', async () => {
      ${role}
      return { stop: async () => process.exit(0) };
    });`;
  const child = endChildWithThisProcess(
    spawn(process.execPath, ['--input-type=module', '-e', code], {
      env: { ...process.env, TZ: 'UTC', BINANCE_API_KEY: FIRST_KEY, FERMATA_RUNTIME: '/first' },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data: Buffer) => {
      said += String(data);
    });
  return new Promise((resolve) => {
    child.once('close', (exit) => resolve({ code: exit, said }));
  });
}

const FIRST_KEY = 'first-desk-key-of-the-exchange';
const SECOND_KEY = 'second-desk-"key"-of-the-exchange';
/** A file of its working folder, which is not that of the process. */
const SECOND = {
  ...{ BINANCE_API_KEY: SECOND_KEY, OF_THE_DESK: 'second', OTHER_KEY_FILE: 'key' },
  FERMATA_RUNTIME: '/second',
};

describe('the keys of several desks in one process', () => {
  it('each desk has its own, the process has none, and nobody is given another’s', async () => {
    const ended = firstDesk(`
      const keyOf = (env) => env.BINANCE_API_KEY?.split('-')[0] ?? null;
      const after = (work) => new Promise((resolve) => setTimeout(() => resolve(work()), 20));
      const unknown = await new Promise((resolve) => {
        whoseIsIt = () => {
          try { resolve(keyOf(deskEnvironment())); } catch (error) { resolve(error.message); }
        };
      });
      say({
        own: await after(() => keyOf(deskEnvironment())),
        named: deskEnvironment().OF_THE_DESK,
        file: secretVariable(deskEnvironment(), 'OTHER_KEY'),
        first: await asFirst(() => after(() => keyOf(deskEnvironment()))),
        separate: [isSeparate(), asFirst(isSeparate)],
        unknown,
        process: keyOf(process.env),
        zone: process.env.TZ,
      });`);
    writeFileSync(join(second, 'key'), 'beside it');
    const joined = await eventually(() => joinedWith(SECOND));
    expect(await joined.ready).toBeNull();
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        ...{ own: 'second', named: 'second', file: 'beside it', first: 'first' },
        separate: [false, false],
        unknown: 'this process runs several desks, and nothing says for which one this is',
        ...{ process: null, zone: 'UTC' },
      },
    ]);
    await joined.stop();
    expect((await ended).code).toBe(0);
  });

  it('of none is a key written, by whichever desk and however the process ends', async () => {
    const ended = firstDesk(`
      const both = ['${FIRST_KEY}', deskEnvironment().BINANCE_API_KEY].join(' ');
      say({ both });
      whoseIsIt = () => {
        whoseIsIt = () => null;
        console.log(both);
        process.stderr.write(JSON.stringify({ both }) + '\\n');
        throw new Error('thrown with ' + both);
      };`);
    const joined = await eventually(() => joinedWith(SECOND));
    await joined.process.exited;
    const { code, said } = await ended;
    expect(code).toBe(1);
    expect(said).toContain('thrown with [redacted] [redacted]');
    expect(lines).toEqual(['{"both":"[redacted] [redacted]"}']);
    for (const text of [said, ...lines]) expect(text).not.toMatch(/(first|second)-desk/);
  });

  it('nor in the reason why it did not start', async () => {
    void firstDesk(`throw new Error('refused with ' + deskEnvironment().BINANCE_API_KEY);`);
    const joined = await eventually(() => joinedWith(SECOND));
    expect(await joined.ready).toBe('refused with [redacted]');
  });

  it('are sent to no socket in a folder that is open to others', async () => {
    await share(async (runtime) => role(runtime));
    chmodSync(dirname(path), 0o755);
    expect(await join2()).toBeNull();
    chmodSync(dirname(path), 0o700);
    expect(begun).toEqual([]);
    expect(await join2()).not.toBeNull();
  });
});

async function joinedWith(env: NodeJS.ProcessEnv): Promise<JoinedRole> {
  const joined = await join2('alike', 5_000, env);
  if (joined === null) throw new Error('it was not taken in');
  return joined;
}

describe('who may share', () => {
  const env = { PATH: '/bin', BINANCE_API_KEY: 'one' };
  const of = (more: NodeJS.ProcessEnv = {}) => sharingOf('web', ROLE_SCRIPT, { ...env, ...more });

  it('is whoever was started alike, whatever the terminal and whatever the keys', () => {
    expect(of({ SHLVL: '2', TERM: 'xterm', SSH_CLIENT: 'a', FERMATA_DESK: 'second' })).toBe(of());
    expect(of({ BINANCE_API_KEY: 'another', TELEGRAM_BOT_TOKEN: 'bot', OF_THE_DESK: 'x' })).toBe(of());
  });

  it.each([
    'NODE_OPTIONS',
    'NODE_EXTRA_CA_CERTS',
    'TZ',
    'HTTPS_PROXY',
    'no_proxy',
    'PGSSLMODE',
    'AWS_REGION',
    'XDG_RUNTIME_DIR',
  ])('is nobody with another %s, which counts for the whole process', (variable) => {
    expect(of({ [variable]: 'another' })).not.toBe(of());
  });

  it('is nobody whose role a stop goes through', () => {
    for (const name of ['trader', 'engine-worker', 'auditor'] as const)
      expect(sharingOf(name, ROLE_SCRIPT, env)).toBeNull();
  });
});
