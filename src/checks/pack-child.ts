/**
 * Runs one part of the desk's folder in its own process. It has none of our secrets, and reaches the trader only for
 * its status.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { CheckOutcome } from '../contracts/routine.js';
import { plainText } from '../domain/plain-text.js';
import { childArgs, childEnvironment } from '../pack/child-process.js';
import { answersIn, type Ended, type RunRequest } from '../pack/protocol.js';
import type { CheckContext as PackContext, TraderFacts } from '../pack/v1.js';
import { killGroup } from '../supervisor/managed-process.js';
import { createRedactor, knownSecrets } from '../supervisor/redact.js';
import { readStatus } from '../trader/read-status.js';
import type { CheckContext } from './check.js';

const ANSWER_CHARS_MAX = 256 * 1024;

export interface PackChild {
  readonly pid: number;
  /** The last message on its own channel, once it has ended; null: none. */
  readonly ended: Promise<Ended | null>;
  /** Ends it along with its children. */
  kill(): void;
}

/** `part`: for example `checks/equity-floor`. Rejects if it could not be started. */
export async function startPackChild(folder: string, part: string, request: RunRequest): Promise<PackChild> {
  const child = spawn(process.execPath, childArgs('run', folder, part), {
    cwd: folder,
    env: childEnvironment(),
    // Its own process group, so that its children end with it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit').catch(() => undefined);
  const closed = once(child, 'close').catch(() => undefined);
  await once(child, 'spawn');
  const pid = child.pid as number;
  let text = '';
  child.stdio[3]?.on('data', (chunk: Buffer) => {
    text = `${text}${chunk}`.slice(0, ANSWER_CHARS_MAX);
  });
  // It may end without reading its input.
  child.stdin?.on('error', () => undefined).end(JSON.stringify(request));
  const ended = async (): Promise<Ended | null> => {
    await exited;
    // Nothing needs the processes that it started, and they would hold its channel open.
    killGroup(pid);
    await closed;
    return answersIn(text).findLast((answer) => 'outcome' in answer || 'failed' in answer) ?? null;
  };
  return { pid, ended: ended(), kill: () => killGroup(pid) };
}

/** Redacts the outcome for storage and display. Throws if there is none. */
export function outcomeOf(home: string, ended: Ended | null): CheckOutcome {
  const redact = createRedactor(knownSecrets(home, process.env));
  const plain = (text: string): string => redact(plainText(text));
  if (ended === null || 'failed' in ended)
    throw new Error(plain(ended?.failed ?? 'it ended without an answer'));
  const { verdict, observed, expected } = ended.outcome;
  return { verdict, observed: plain(observed), expected: plain(expected) };
}

export async function packContext({
  desk,
  trader,
}: Pick<CheckContext, 'desk' | 'trader'>): Promise<PackContext> {
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
