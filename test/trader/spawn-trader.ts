/** Starts traders as processes on the simulated market, in a home of their own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { COMPILE_LATER } from '../../src/desk/desk-environment.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { deskPaths, homePaths, type MarketChoice, type Runtime } from '../../src/home/runtime.js';
import { ControlFailure, connectTrader, type TraderClient } from '../../src/trader/client.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { until } from '../support/eventually.js';

const SCRIPT = fileURLToPath(new URL('trader-process.mjs', import.meta.url));
const DESK_FILE = fileURLToPath(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url));

const PATIENT = 'operationsSilentSeconds: 3600';

export const DECISION_KEY = randomBytes(32).toString('hex');

export interface TraderHome {
  readonly runtime: Runtime;
  readonly journal: string;
  readonly socket: string;
  readonly client: TraderClient;
  start(failpoint?: string): Promise<TraderProcess>;
  /** Without a supervisor from the beginning: it has gone before the trader could ask. */
  startOrphaned(): Pick<TraderProcess, 'exited'>;
  /** What the next start trades on. */
  changeMarket(market: Partial<MarketChoice>): void;
  /** Edits the desk file as the next start finds it. */
  changeDesk(edit: (text: string) => string): void;
  status(): Promise<TraderStatus>;
  /** Its first status of which this is true. */
  until(isTrue: (status: TraderStatus) => boolean, patienceMs?: number): Promise<TraderStatus>;
  /** Waits until the trader is reconciled, then arms it by the desk file's rule. */
  arm(): Promise<void>;
}

export interface TraderProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  log(): string;
}

export interface HomeOptions {
  readonly market?: Partial<MarketChoice>;
  /** A desk's folder, whose files are beside the desk file. */
  readonly folder?: string;
  /** Changes the shipped desk file's text. */
  readonly edit?: (text: string) => string;
}

export function traderHome(options: HomeOptions = {}): TraderHome {
  const home = mkdtempSync(join(tmpdir(), 'fermata-trader-'));
  if (options.folder !== undefined) cpSync(options.folder, home, { recursive: true });
  const deskFile = join(home, 'desk.yaml');
  // Nobody sends heartbeats here: a busy machine may need longer for a test than operations may be silent.
  const text = readFileSync(DESK_FILE, 'utf8').replace(/operationsSilentSeconds: \d+/, PATIENT);
  writeFileSync(deskFile, options.edit?.(text) ?? text);
  const { desk, configHash } = loadDesk(deskFile);
  const paths = homePaths(home);
  mkdirSync(paths.secrets, { recursive: true, mode: 0o700 });
  writeFileSync(join(paths.secrets, 'decision-key'), `${DECISION_KEY}\n`, { mode: 0o600 });
  const market = {
    kind: 'simulated',
    files: [],
    speed: 600,
    seed: 7,
    exitAtEnd: false,
    ...options.market,
  } as const;
  const runtime = { version: 1, home, desk: desk.desk, deskFile, configHash, market } as unknown as Runtime;
  const runtimeFile = join(home, 'runtime.json');
  writeFileSync(runtimeFile, JSON.stringify(runtime));
  const { journal, controlSocket } = deskPaths(paths, desk.desk);
  const client = connectTrader(controlSocket);
  onTestFinished(() => {
    client.close();
    rmSync(home, { recursive: true, force: true });
    rmSync(paths.sockets, { recursive: true, force: true });
  });
  const status = () => client.call('status', {}, { timeoutMs: 20_000 });
  const untilStatus: TraderHome['until'] = (isTrue, patienceMs) =>
    until(
      'what the trader is asked for',
      async () => {
        const found = await status();
        if (isTrue(found)) return found;
        throw new Error(JSON.stringify(found, null, 1));
      },
      patienceMs,
    );
  return {
    runtime,
    journal,
    socket: controlSocket,
    client,
    status,
    until: untilStatus,
    changeMarket: (change) =>
      writeFileSync(runtimeFile, JSON.stringify({ ...runtime, market: { ...market, ...change } })),
    changeDesk: (edit) => {
      writeFileSync(deskFile, edit(readFileSync(deskFile, 'utf8')));
      writeFileSync(runtimeFile, JSON.stringify({ ...runtime, configHash: loadDesk(deskFile).configHash }));
    },
    start: (failpoint) => startProcess(runtimeFile, failpoint),
    startOrphaned: () => {
      const { child, exited } = spawned(runtimeFile);
      child.disconnect();
      return { exited };
    },
    arm: () => arm(client, untilStatus),
  };
}

function spawned(runtimeFile: string, failpoint?: string): TraderProcess {
  // None of these traders lives for long.
  const args = [...COMPILE_LATER, SCRIPT, runtimeFile, ...(failpoint === undefined ? [] : [failpoint])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  endChildWithThisProcess(child);
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return { child, exited, log: () => output };
}

async function startProcess(runtimeFile: string, failpoint?: string): Promise<TraderProcess> {
  const trader = spawned(runtimeFile, failpoint);
  const first = await Promise.race([once(trader.child, 'message'), trader.exited]);
  if (Array.isArray(first) && first[0]?.type === 'ready') return trader;
  throw new Error(`${Array.isArray(first) ? first[0]?.message : 'the trader ended'}\n${trader.log()}`);
}

async function arm(client: TraderClient, untilStatus: TraderHome['until']): Promise<void> {
  const ready = await untilStatus(
    ({ reconciliation, marketData }) => reconciliation.state === 'clean' && marketData.state === 'up',
  );
  const { haltId, configHash } = ready;
  await onceOrdersAreKnown(() =>
    client.call('arm', {
      commandId: randomBytes(8).toString('hex'),
      by: 'test',
      reason: 'every check is clean',
      haltId: haltId ?? '',
      configHash,
      decisions: [],
    }),
  );
}

/** Arms again for as long as the venue has not said what became of an order, as a person would who is told so. */
export async function onceOrdersAreKnown<T>(arm: () => Promise<T>): Promise<T> {
  const isUnknown = (error: unknown) => error instanceof ControlFailure && error.code === 'unknown-orders';
  const { answer } = await until('what became of each order', async () => {
    const answer = arm();
    const isKnown = await answer.then(
      () => true,
      (error: unknown) => !isUnknown(error),
    );
    return isKnown && { answer };
  });
  return answer;
}

export function recordsIn<T extends EngineRecord['type']>(
  journal: string,
  type: T,
): Extract<EngineRecord, { type: T }>[] {
  const found = [...readJournal(journal)].map(({ record }) => record);
  return found.filter((record): record is Extract<EngineRecord, { type: T }> => record.type === type);
}
