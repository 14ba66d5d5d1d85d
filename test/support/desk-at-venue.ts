/** The real engine, runner and journal at a venue of the test's making, with positions that are protected. */

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MONEY_SCALE } from '../../src/domain/money.js';
import type { EngineConfig } from '../../src/engine/config.js';
import { createEngine, type Engine } from '../../src/engine/engine.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { tradedAccount } from '../../src/trader/open-trader.js';
import { systemClock, systemTimers } from '../../src/trader/running/clock.js';
import { Runner } from '../../src/trader/running/runner.js';
import { VenueCalls } from '../../src/trader/running/venue-calls.js';
import type { VenuePort } from '../../src/venue/port.js';
import { DAY_MS, engineConfigWith } from './engine-config.js';
import { EXACTLY, untilHolds } from './eventually.js';

/** Of the desk, money units; a venue that holds other cash is no clean one. */
export const STARTING_CASH = 1_000_000 * MONEY_SCALE;

export interface DeskAtVenue {
  readonly engine: Engine;
  readonly runner: Runner;
  /** What a decision to arm has to quote. */
  readonly configHash: string;
  close(): Promise<void>;
}

export interface ClosedAll {
  readonly flat: boolean;
  readonly tookMs: number;
}

export interface DeskAtVenueOptions {
  readonly priceTicks?: number;
  readonly answerTimeoutMs?: number;
  readonly deadlineMs?: number;
  /** The journal begins as the trader begins one for an account at an exchange. */
  readonly asExchangeAccount?: boolean;
  readonly stopOverrunMs?: number;
  readonly strategies?: EngineConfig['strategies'];
  /** 4 where nothing is said. */
  readonly maxPositionSizePct?: number;
  /** Which instrument prices an asset that is kept for fees. */
  readonly feeAssets?: Readonly<Record<string, number>>;
  readonly onRecord?: (record: EngineRecord) => void;
  /** How many positions the venue holds already: waits until the desk has adopted and protected each. */
  readonly positions?: number;
}

/** Resolves once every position has its confirmed protective stop. */
export async function deskAtVenue(venue: VenuePort, options: DeskAtVenueOptions = {}): Promise<DeskAtVenue> {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-at-venue-'));
  const { journal } = await openJournal({ directory: join(folder, 'journal') });
  const account =
    options.asExchangeAccount === true
      ? await tradedAccount({ port: venue, account: 'binance-simulator' }, journal, 'live', () => null)
      : null;
  const { historyBeginsMs, startingCash } = account ?? {};
  const config = {
    ...configFor(venue, journal.incarnation, options),
    ...(historyBeginsMs === undefined ? {} : { historyBeginsMs, coinsNeedOwner: true }),
    ...(startingCash === undefined ? {} : { startingCash }),
  };
  const engine = createEngine(config);
  let broken: Error | null = null;
  const runner = new Runner({
    engine,
    journal,
    link: new VenueCalls(venue, systemTimers),
    clock: systemClock,
    timers: systemTimers,
    pace: 'running',
    marketNowMs: () => Date.now(),
    onRecord: (record) => options.onRecord?.(record),
    onBroken: (error) => {
      broken = error;
    },
  });
  runner.begin();
  const priceTicks = options.priceTicks ?? 10_000;
  for (const { id } of venue.instruments) {
    runner.post({ kind: 'quote', instrument: id, bidTicks: priceTicks, askTicks: priceTicks + 1 });
  }
  const close = async (): Promise<void> => {
    runner.stop();
    await journal.close();
    rmSync(folder, { recursive: true, force: true });
  };
  await untilHolds(() => {
    if (broken !== null) throw broken;
    const guarded = engine.view.positions.filter(({ protection }) => protection === 'confirmed');
    return guarded.length === (options.positions ?? 0);
  });
  return { engine, runner, configHash: config.configHash, close };
}

/** By two people, and for real. */
export const arm = ({ engine, runner, configHash }: DeskAtVenue) =>
  runner.command({
    ...{ commandId: 'arm', by: 'test', reason: 'test' },
    command: { name: 'arm', haltId: engine.view.haltId ?? '', configHash, authority: 'two-people' },
  });

/** From the command until the desk says that it is flat, or that it is not. */
export async function timedCloseAll({ runner, engine }: DeskAtVenue): Promise<ClosedAll> {
  const beganAtMs = performance.now();
  await runner.command({ commandId: 'c', by: 'test', reason: 'test', command: { name: 'closeAll' } });
  await untilHolds(() => ['flat', 'escalated'].includes(engine.view.closeAll), EXACTLY);
  return { flat: engine.view.closeAll === 'flat', tookMs: performance.now() - beganAtMs };
}

function configFor(venue: VenuePort, incarnation: string, options: DeskAtVenueOptions): EngineConfig {
  const { strategies = [], deadlineMs = 30_000, answerTimeoutMs = 2_000 } = options;
  return engineConfigWith({
    instruments: venue.instruments,
    capabilities: venue.capabilities,
    incarnation,
    strategies,
    risk: {
      maxPositionSizePct: options.maxPositionSizePct ?? 4,
      maxConcurrentPositions: venue.instruments.length,
      stopLossPct: 5,
      dailyLossLimitPct: 90,
      maxDrawdownPct: 90,
      staleDataSeconds: 3_600,
    },
    tracker: { maxConsecutiveLosses: 1000, reEnableCheckMs: DAY_MS },
    closeAll: { deadlineMs, answerTimeoutMs },
    ...(options.feeAssets === undefined ? {} : { feeAssets: options.feeAssets }),
    stopOverrunMs: options.stopOverrunMs ?? 10_000,
    heartbeatLost: { operations: 'none', supervisor: 'none' },
    startingCash: STARTING_CASH,
    drawHaltId: () => randomBytes(16).toString('hex'),
  });
}
