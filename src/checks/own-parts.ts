/** Checks, reports and actions from the desk's own folder, each run in its own process. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { CheckOutcome, StepParameters } from '../contracts/routine.js';
import type { OwnFile } from '../desk/own-strategies.js';
import { plainText } from '../domain/plain-text.js';
import { deskFolderOf, homePaths, type Runtime } from '../home/runtime.js';
import { childArgs, childEnvironment } from '../pack/child-process.js';
import { PART_FOLDERS, type PartKind, partFiles } from '../pack/pack-folder.js';
import {
  answersIn,
  type Begun,
  type DoneOnce,
  type Ended,
  filesOf,
  type RunRequest,
  readKept,
} from '../pack/protocol.js';
import type { CheckContext as PackContext, TraderFacts } from '../pack/v1.js';
import { type Report, type ReportContext, report } from '../reports/report.js';
import { killGroup } from '../supervisor/managed-process.js';
import { type ChildrenFile, isAlive } from '../supervisor/process-table.js';
import { createRedactor, knownSecrets } from '../supervisor/redact.js';
import { readStatus } from '../trader/read-status.js';
import { type Check, type CheckContext, check } from './check.js';

/** A part ends before its step's time is over, so the reason can be reported. */
const PART_OF_STEP = 0.9;
/** Default if no step sets a time. */
const STEP_MS = 30_000;

interface OwnParts {
  readonly checks: ReadonlyMap<string, Check>;
  readonly reports: ReadonlyMap<string, Report>;
  readonly code: PartCode;
}

/** The files of the parts, for a copy that can be restored. */
export type PartCode = () => readonly OwnFile[] | Promise<readonly OwnFile[]>;

/**
 * `running`: records child processes, so the next worker ends those that outlive a killed one. The code is
 * read anew each time.
 */
export function ownParts(runtime: Runtime, running: Pick<ChildrenFile, 'add' | 'remove'>): OwnParts {
  const folder = deskFolderOf(runtime);
  const files = partFiles(folder);
  // Only this needs the compiler.
  const code = async () => (await import('../pack/compile.js')).partCode(folder);
  return { checks: new Map(ownChecks()), reports: new Map(ownReports()), code };

  function ownChecks(): [string, Check][] {
    return namesOf('check').map((name) => [
      name,
      check(name, z.looseObject({}), (context, given) =>
        ask('check', name, context, given as StepParameters),
      ),
    ]);
  }

  function ownReports(): [string, Report][] {
    const saidBy = async (name: string, context: ReportContext, given: StepParameters): Promise<string> => {
      const { verdict, observed } = await ask('report', name, context, given);
      if (verdict !== 'pass') throw new Error(observed);
      return observed;
    };
    return namesOf('report').map((name) => [
      name,
      report(name, z.looseObject({}), (context, given) => saidBy(name, context, given as StepParameters)),
    ]);
  }

  function namesOf(kind: PartKind): string[] {
    return files.filter((one) => one.kind === kind).map(({ name }) => name);
  }

  async function ask(
    kind: PartKind,
    name: string,
    context: CheckContext & Partial<ReportContext>,
    given: StepParameters,
  ): Promise<CheckOutcome> {
    const limitMs = (context.stepMs ?? STEP_MS) * PART_OF_STEP;
    const untilMs = performance.now() + limitMs;
    const { marketMs } = context;
    const asked = { ...(await packContext(context)), ...(marketMs === undefined ? {} : { marketMs }) };
    const child = await startPackChild(folder, `${PART_FOLDERS[kind]}/${name}`, { context: asked, given });
    const noted = running.add(`${kind} ${name}`, child.pid).catch(() => undefined);
    let isLate = false;
    const timer = setTimeout(
      () => {
        isLate = true;
        child.kill();
      },
      Math.max(0, untilMs - performance.now()),
    );
    try {
      const ended = await child.ended;
      if (isLate)
        throw new Error(`it had not ended after ${limitMs / 1_000} s, and was ended with its children`);
      return outcomeOf(runtime.home, ended);
    } finally {
      clearTimeout(timer);
      void noted.then(() => running.remove(child.pid));
    }
  }
}

const POLL_MS = 100;
/** Margin for an action that starts late; it ends by itself. */
const AFTER_LIMIT_MS = 10_000;
/** After this no run asks for the result any more. */
const KEPT_MS = 30 * 86_400_000;

interface OwnActionRequest {
  /** Identifies this step of this run: an action started under it is never started again. */
  readonly key: string;
  readonly action: string;
  readonly given: StepParameters;
  readonly limitMs: number;
  /** Aborted once nobody here waits for the result any longer. */
  readonly ending: AbortSignal;
}

export type RunOwnAction = (request: OwnActionRequest) => Promise<CheckOutcome>;

/**
 * Actions from the desk's own folder. Each runs once: its process outlives a killed worker, and another
 * attempt at the step waits for it. If nobody knows how it ended, a person decides: it is never started
 * again. Rejects if nothing was started.
 */
export function ownActions(runtime: Runtime, context: Pick<CheckContext, 'desk' | 'trader'>): RunOwnAction {
  const folder = homePaths(runtime.home).ownActions;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  forgetOld(folder);
  return async ({ key, action, given, limitMs, ending }) => {
    const name = createHash('sha256').update(key).digest('hex');
    const once: DoneOnce = { ...filesOf(folder, name), limitMs };
    const expected = `an answer within ${limitMs / 1_000} s`;
    const giveUpMs = performance.now() + limitMs + AFTER_LIMIT_MS;
    let child: PackChild | null = null;
    let said: Ended | null | undefined;
    if (readKept<Begun>(once.begunFile) === null) {
      const asked = { ...(await packContext(context)), key };
      child = await startPackChild(deskFolderOf(runtime), `${PART_FOLDERS.action}/${action}`, {
        ...{ context: asked, given, once },
      });
      void child.ended.then((ended) => {
        said = ended;
      });
    }
    for (;;) {
      const begun = readKept<Begun>(once.begunFile);
      // The order matters: an action that ends in between has written its result.
      const isGone = begun === null ? said !== undefined : !isAlive(begun.pid);
      const ended = readKept<Ended>(once.endedFile);
      if (ended !== null) return answerOf(ended);
      if (isGone && begun === null) return outcomeOf(runtime.home, said ?? null);
      const isLate = performance.now() > giveUpMs;
      if (begun !== null && (isGone || isLate)) {
        const since = `begun at ${new Date(begun.begunMs).toISOString()}`;
        const how = isGone ? 'ended without an answer' : 'not ended in its time';
        const observed = `${since}, ${how}; it is not begun again: check what it did`;
        return { verdict: 'fail', observed, expected };
      }
      if (isLate) child?.kill();
      // Its process continues within its own limit: the next worker waits for it.
      if (ending.aborted) throw new Error('its worker ends; what was begun goes on');
      await sleep(POLL_MS);
    }

    function answerOf(ended: Ended): CheckOutcome {
      try {
        return outcomeOf(runtime.home, ended);
      } catch (error) {
        // Another attempt would find the same.
        return { verdict: 'fail', observed: (error as Error).message, expected };
      }
    }
  };
}

function forgetOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const stat = statSync(file, { throwIfNoEntry: false });
    // An action that has just ended may have renamed it.
    if (stat === undefined) continue;
    if (Date.now() - stat.mtimeMs > KEPT_MS) rmSync(file, { force: true });
  }
}

const ANSWER_CHARS_MAX = 256 * 1024;

interface PackChild {
  readonly pid: number;
  /** The child's last message on its own channel, once it has ended; null: none. */
  readonly ended: Promise<Ended | null>;
  /** Ends the child along with its own children. */
  kill(): void;
}

/**
 * Runs one part of the desk's folder in its own process. It has none of our secrets, and reaches the trader only for
 * its status. `part`: for example `checks/equity-floor`. Rejects if it could not be started.
 */
export async function startPackChild(folder: string, part: string, request: RunRequest): Promise<PackChild> {
  // The system would say that Node is missing.
  if (!existsSync(folder)) throw new Error(`the desk's folder ${folder} is gone; nothing was started`);
  const child = spawn(process.execPath, childArgs('run', folder, part), {
    cwd: folder,
    env: childEnvironment(),
    // Its own process group, so its children end with it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit').catch(() => undefined);
  const closed = once(child, 'close').catch(() => undefined);
  await once(child, 'spawn');
  const pid = child.pid as number;
  let text = '';
  child.stdio[3]?.on('data', (chunk: Buffer) => {
    if (text.length <= ANSWER_CHARS_MAX) text += chunk;
  });
  // It may end without reading its input.
  child.stdin?.on('error', () => undefined).end(JSON.stringify(request));
  const ended = async (): Promise<Ended | null> => {
    await exited;
    // Nothing needs the processes that the child started, and they would hold its channel open.
    killGroup(pid);
    await closed;
    if (text.length > ANSWER_CHARS_MAX)
      return { failed: `its answer is longer than the ${ANSWER_CHARS_MAX / 1024} KiB that are read` };
    return answersIn(text).findLast((answer) => 'outcome' in answer || 'failed' in answer) ?? null;
  };
  return { pid, ended: ended(), kill: () => killGroup(pid) };
}

/** Redacts the outcome for storage and display. Throws if there is none. */
export function outcomeOf(home: string, ended: Ended | null): CheckOutcome {
  const redact = createRedactor(knownSecrets(home));
  const plain = (text: string): string => redact(plainText(text));
  if (ended === null || 'failed' in ended)
    throw new Error(plain(ended?.failed ?? 'it ended without an answer'));
  const { verdict, observed, expected } = ended.outcome;
  return { verdict, observed: plain(observed), expected: plain(expected) };
}

async function packContext({ desk, trader }: Pick<CheckContext, 'desk' | 'trader'>): Promise<PackContext> {
  const { desk: name, mode, timezone: zone } = desk;
  return {
    desk: { name, mode, currency: desk.paper.currency, zone },
    nowMs: Date.now(),
    trader: await factsOf(trader),
  };
}

async function factsOf(trader: CheckContext['trader']): Promise<TraderFacts | null> {
  try {
    const status = await readStatus({ trader });
    const { mode, reason, equity, cash, dayPnl, drawdownPct, openOrders, fills, marketData } = status;
    const positions = status.positions.map(
      ({ symbol, side, quantity, averagePrice, markPrice, unrealised, stopPrice }) => ({
        ...{ symbol, side, quantity, averagePrice, markPrice, unrealised, stopPrice },
      }),
    );
    const strategies = status.strategies.map(({ name, symbol, enabled, state }) => ({
      ...{ name, symbol, enabled, state },
    }));
    const { marketMs, lastPrices: prices } = marketData;
    return {
      mode,
      reason,
      marketMs,
      equity,
      cash,
      dayPnl,
      drawdownPct,
      openOrders,
      fills,
      positions,
      prices,
      strategies,
    };
  } catch {
    return null;
  }
}
