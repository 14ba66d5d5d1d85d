/**
 * What the tests of other engines are run again with here: a strategy of the test alone, on one contract without a
 * multiplier, and no limit that would end what the other engine does not end.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BacktestSetting } from '../../../../src/backtest/run-backtest.js';
import type { Desk } from '../../../../src/desk/schema.js';
import { WISH_TYPES } from '../../../../src/domain/order.js';
import { STRATEGIES } from '../../../../src/engine/strategies/registry.js';
import type { Strategy, StrategyDefinition } from '../../../../src/engine/strategies/strategy.js';
import { loaded } from '../../../validation/support/validations.js';
import { type BacktestKept, backtest } from '../../support/backtests.js';

export const SYMBOL = 'PEER/USDT';

export interface PeerDesk {
  readonly cash: string;
  /** Prices have a spread of one tick; the smaller it is, the nearer to the none of the other engine. */
  readonly tickSize: string;
  readonly lotSize: string;
  /** Coins: a stop locks what it protects, and nothing is sold short. Left out: contracts. */
  readonly spot?: true;
  /** How long an order takes to arrive. Left out: 20 ms, in which prices inside a bar go on. */
  readonly latencyMs?: number;
  /** Limits beside those that end nothing. */
  readonly risk?: Partial<Desk['risk']>;
  /** Left out: the market never closes. */
  readonly sessions?: Desk['instruments'][number]['sessions'];
}

/** Contracts, unless it says otherwise, can be sold short, and stops and targets of theirs lock nothing. */
function deskOf(peer: PeerDesk, kind: string): Desk {
  const { cash, tickSize, lotSize, spot, risk, sessions, latencyMs = 20 } = peer;
  const { desk } = loaded;
  const [instrument] = desk.instruments;
  return {
    ...desk,
    instruments: [
      {
        ...{ ...instrument!, symbol: SYMBOL, kind: spot === true ? 'spot' : 'linear', minNotional: '0' },
        ...{ tickSize, lotSize, spread: tickSize },
        ...(sessions === undefined ? {} : { sessions }),
      },
    ],
    paper: {
      ...{ balance: cash, currency: 'USDT', feesIn: 'quote', makerFeePpm: 0, takerFeePpm: 0 },
      ...{ slippageTicks: 0, latencyMs },
    },
    strategies: [
      { ...{ name: kind, kind, symbols: [SYMBOL], enabled: true, parameters: {} }, size: { equityPct: 100 } },
    ],
    risk: {
      ...{ ...desk.risk, maxPositionSizePct: 100, maxConcurrentPositions: 1 },
      ...{ stopLossPct: 100, dailyLossLimitPct: 100, maxDrawdownPct: 100 },
      ...risk,
    },
    breakers: { ...desk.breakers, strategyMaxConsecutiveLosses: 1000 },
  } as Desk;
}

/** Runs the strategy on the file. */
export async function asPeer(
  desk: PeerDesk,
  file: string,
  create: () => Strategy,
  given: Partial<BacktestSetting> = {},
): Promise<BacktestKept> {
  const kind = 'as-peer';
  const definition: StrategyDefinition = {
    ...{ kind, suits: 'trending', parameters: [], enters: WISH_TYPES, create },
  };
  const registry = STRATEGIES as Map<string, StrategyDefinition>;
  registry.set(kind, definition);
  try {
    return await backtest(file, {
      ...{ desk: deskOf(desk, kind), files: [{ symbol: SYMBOL, file }] },
      ...given,
    });
  } finally {
    registry.delete(kind);
  }
}

/** Time, open, high, low and close as decimal text. */
export type Row = readonly [number, string, string, string, string];

export function writeRows(folder: string, rows: readonly Row[], name = 'rows.csv'): string {
  const file = join(folder, name);
  writeFileSync(
    file,
    `ts,open,high,low,close,volume\n${rows.map((row) => `${row.join(',')},1`).join('\n')}\n`,
  );
  return file;
}

const DATA = fileURLToPath(new URL('../../../../../shared/data/', import.meta.url));

/** A recording that lies beside the project on machines that have it. Null: this one has not. */
export function recordingBeside(name: string): string | null {
  const file = join(DATA, name);
  return existsSync(file) ? file : null;
}
