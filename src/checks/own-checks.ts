/** Checks of the desk's own folder, each run in a process of its own that knows no secret of ours. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { messageOf } from '../domain/message-of.js';
import { plainText } from '../domain/plain-text.js';
import { deskFolderOf, homePaths, type Runtime } from '../home/runtime.js';
import { childArgs, childEnvironment } from '../pack/child-process.js';
import { checkFiles } from '../pack/pack-folder.js';
import { answersIn, type RunRequest } from '../pack/protocol.js';
import type { CheckContext as PackContext, TraderFacts } from '../pack/v1.js';
import type { ChildrenFile } from '../supervisor/children-file.js';
import { killGroup } from '../supervisor/managed-process.js';
import { createRedactor, knownSecrets } from '../supervisor/redact.js';
import { type Check, type CheckContext, check } from './check.js';

const STATUS_MS = 3_000;
const ANSWER_CHARS_MAX = 256 * 1024;
/** Ends before the step's own time is over, so that it is said why. */
const PART_OF_STEP = 0.9;

/** `running`: so that what outlives a killed worker is ended by the next. Their code is read anew each time. */
export function ownChecks(
  runtime: Runtime,
  running: Pick<ChildrenFile, 'add' | 'remove'>,
): ReadonlyMap<string, Check> {
  const folder = deskFolderOf(runtime);
  return new Map(
    checkFiles(folder).map(({ name }): [string, Check] => [
      name,
      check(z.looseObject({}), async (context, given) => {
        const request = { context: await packContext(context), given } as RunRequest;
        const limitMs = stepMs(context, name) * PART_OF_STEP;
        const text = await askChild(folder, name, request, limitMs, running);
        const redact = createRedactor(knownSecrets(homePaths(runtime.home).secrets, process.env));
        const answers = answersIn(text);
        const outcome = answers.findLast((answer) => 'outcome' in answer)?.outcome;
        if (outcome !== undefined) {
          const { verdict, observed, expected } = outcome;
          return { verdict, observed: redact(plainText(observed)), expected: redact(plainText(expected)) };
        }
        const failed = answers.findLast((answer) => 'failed' in answer)?.failed;
        throw new Error(redact(plainText(failed ?? 'it ended without an answer')));
      }),
    ]),
  );
}

/** The longest that a step gives it. */
function stepMs({ desk }: CheckContext, name: string): number {
  const steps = desk.routines.flatMap((routine) => routine.steps).filter((step) => step.check === name);
  return Math.max(1, ...steps.map(({ timeoutSeconds }) => timeoutSeconds)) * 1_000;
}

async function packContext({ desk, trader }: CheckContext): Promise<PackContext> {
  const { desk: name, mode, timezone: zone } = desk;
  return {
    desk: { name, mode, currency: desk.paper.currency, zone },
    nowMs: Date.now(),
    trader: await factsOf(trader),
  };
}

async function factsOf(trader: CheckContext['trader']): Promise<TraderFacts | null> {
  try {
    const status = await trader.call('status', {}, { timeoutMs: STATUS_MS });
    const { mode, reason, equity, cash, dayPnl, drawdownPct, openOrders, fills, marketData } = status;
    const positions = status.positions.map(
      ({ symbol, side, quantity, averagePrice, markPrice, unrealised, stopPrice }) => ({
        ...{ symbol, side, quantity, averagePrice, markPrice, unrealised, stopPrice },
      }),
    );
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
    };
  } catch {
    return null;
  }
}

/** What it said on its own channel. Rejects where it could not be started or was ended in its time. */
async function askChild(
  folder: string,
  name: string,
  request: RunRequest,
  limitMs: number,
  running: Pick<ChildrenFile, 'add' | 'remove'>,
): Promise<string> {
  const child = spawn(process.execPath, childArgs('run', folder, name), {
    cwd: folder,
    env: childEnvironment(),
    // A group of its own: its children end with it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
  });
  const closed = once(child, 'close');
  closed.catch(() => undefined);
  await once(child, 'spawn');
  const pid = child.pid as number;
  const noted = running.add(`check ${name}`, pid).catch(() => undefined);
  let text = '';
  child.stdio[3]?.on('data', (chunk: Buffer) => {
    text = `${text}${chunk}`.slice(0, ANSWER_CHARS_MAX);
  });
  // It may end without reading.
  child.stdin?.on('error', () => undefined).end(JSON.stringify(request));
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup(pid);
  }, limitMs);
  const exited = once(child, 'exit').catch((error: unknown) => messageOf(error));
  try {
    await exited;
    // What it began goes on for nobody, and would hold its channel open.
    killGroup(pid);
    await closed;
    if (isLate)
      throw new Error(`it had not ended after ${limitMs / 1_000} s, and was ended with its children`);
    return text;
  } finally {
    clearTimeout(timer);
    void noted.then(() => running.remove(pid));
  }
}
