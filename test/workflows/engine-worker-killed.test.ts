/** The engine worker as its own process, killed without a word, against a scripted trader on a real control socket. */

import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmergencyOutcome } from '../../src/contracts/emergency.js';
import { deskOwnerId, emergencyStopId } from '../../src/contracts/queues.js';
import { deskPaths, homePaths, type Runtime, SECRET_FILES } from '../../src/home/runtime.js';
import { type ControlServer, listenForControl } from '../../src/trader/control/control-server.js';
import { CRYPTO_DESK_FILE } from '../operations/support/crypto-desk.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { until } from '../support/eventually.js';
import { type Bench, openBench } from './support/desk-bench.js';
import { ScriptedTrader } from './support/scripted-trader.js';

const ROLE_SCRIPT = fileURLToPath(new URL('../../dist/run/run-role.js', import.meta.url));
const desk = `t-${randomBytes(4).toString('hex')}`;
const home = mkdtempSync(join(tmpdir(), 'fermata-worker-'));
const runtimeFile = join(home, 'runtime.json');
const trader = new ScriptedTrader(randomBytes(3).toString('hex'));

let bench: Bench;
let control: ControlServer;
let worker: ChildProcess | null = null;

beforeAll(async () => {
  const paths = homePaths(home);
  mkdirSync(paths.secrets, { recursive: true, mode: 0o700 });
  writeFileSync(join(paths.secrets, SECRET_FILES.payloadKey), 'cd'.repeat(32), { mode: 0o600 });
  bench = await openBench(home);
  const deskFile = join(home, 'desk.yaml');
  writeFileSync(
    deskFile,
    readFileSync(CRYPTO_DESK_FILE, 'utf8').replace('desk: crypto-bot', `desk: ${desk}`),
  );
  writeFileSync(join(paths.secrets, SECRET_FILES.postgresAppPassword), bench.database.appPassword, {
    mode: 0o600,
  });
  const { host, port, database, appUser } = bench.database;
  const runtime: Partial<Runtime> = {
    version: 1,
    home,
    desk,
    deskFile,
    configHash: trader.configHash,
    postgres: { host, port, database, user: appUser },
    temporal: bench.address,
  };
  writeFileSync(runtimeFile, JSON.stringify(runtime));
  const { controlSocket } = deskPaths(paths, desk);
  control = await listenForControl(controlSocket, {
    ...trader.controlHandlers,
    follow: (socket) => socket.destroy(),
  });
});

afterAll(async () => {
  if (worker && worker.exitCode === null && worker.signalCode === null) await kill('SIGTERM');
  await control?.close();
  await bench?.close();
  rmSync(homePaths(home).sockets, { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const child = fork(ROLE_SCRIPT, ['engine-worker'], {
    env: { ...process.env, FERMATA_RUNTIME: runtimeFile },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  worker = endChildWithThisProcess(child);
  const [message] = (await once(child, 'message')) as [{ type: string; message?: string }];
  expect(message, message.message).toMatchObject({ type: 'ready' });
}

async function kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  const child = worker!;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
  return child.exitCode;
}

function rearm(): void {
  trader.halts = [];
  trader.mode = 'ACTIVE';
  trader.received.length = 0;
}

describe('the engine worker', () => {
  it('takes a stop that was signalled while it was dead, and goes on with one that it died in', async () => {
    const owner = bench.client.workflow.getHandle(deskOwnerId(desk));
    const stop = bench.client.workflow.getHandle(emergencyStopId(desk));
    await start();
    expect(await owner.query('incarnations')).toMatchObject([{ incarnation: trader.incarnation }]);

    // Killed in the middle of proving: an entry order works on.
    trader.stubbornEntries = 1;
    await owner.signal('stop', 'first');
    await until('the stop was sent', () => trader.sent('stop').length === 1);
    await kill('SIGKILL');
    await start();
    trader.stubbornEntries = 0;
    trader.entriesWorking = 0;
    expect(((await stop.result()) as EmergencyOutcome).proven).toBe(true);
    // Where the first answer died with the worker, the same stop is sent again: it is never left out to be spared twice.
    expect(new Set(trader.sent('stop').map(({ commandId }) => commandId)).size).toBe(1);

    // Dead when the signal comes.
    rearm();
    trader.stubbornEntries = 0;
    await kill('SIGKILL');
    await owner.signal('stop', 'second');
    const startedMs = performance.now();
    await start();
    await until('the trader is halted', () => trader.mode === 'HALTED');
    console.log(
      `signal handled ${Math.round(performance.now() - startedMs)} ms after the start of a new worker`,
    );
    expect(trader.sent('stop')).toMatchObject([{ reason: 'second' }]);

    expect(await kill('SIGTERM')).toBe(0);
  });
});
