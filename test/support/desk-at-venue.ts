/** The real engine, runner and journal at a venue of the test's making, with positions that are protected. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MONEY_SCALE } from '../../src/domain/money.js';
import type { EngineConfig, StrategyConfig } from '../../src/engine/config.js';
import { createEngine, type Engine } from '../../src/engine/engine.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { systemClock } from '../../src/trader/running/clock.js';
import { Runner } from '../../src/trader/running/runner.js';
import type { VenuePort } from '../../src/venue/port.js';
import { DAY_MS, engineConfigWith } from './engine-config.js';

export interface DeskAtVenue {
  readonly engine: Engine;
  readonly runner: Runner;
  close(): Promise<void>;
}

export interface DeskAtVenueOptions {
  readonly priceTicks?: number;
  readonly answerTimeoutMs?: number;
  readonly deadlineMs?: number;
  readonly strategies?: readonly StrategyConfig[];
  /** How many positions the venue holds already: waits until the desk has adopted and protected each. */
  readonly positions?: number;
}

/** Resolves once every position has its confirmed protective stop. */
export async function deskAtVenue(venue: VenuePort, options: DeskAtVenueOptions = {}): Promise<DeskAtVenue> {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-at-venue-'));
  const { journal } = await openJournal({ directory: join(folder, 'journal') });
  const engine = createEngine(configFor(venue, journal.incarnation, options));
  let broken: Error | null = null;
  const runner = new Runner({
    engine,
    journal,
    venue,
    clock: systemClock,
    marketNowMs: () => Date.now(),
    onRecord: () => undefined,
    onBroken: (error) => {
      broken = error;
    },
  });
  const begun = engine.begin(runner.stamp());
  if (!begun.ok) throw new Error(begun.message);
  runner.begin(begun.effects);
  const priceTicks = options.priceTicks ?? 10_000;
  for (const { id } of venue.instruments) {
    runner.post({ kind: 'quote', instrument: id, bidTicks: priceTicks, askTicks: priceTicks + 1 });
  }
  const close = async (): Promise<void> => {
    runner.stop();
    await journal.close();
    rmSync(folder, { recursive: true, force: true });
  };
  await eventually(() => {
    if (broken !== null) throw broken;
    const guarded = engine.view.positions.filter(({ protection }) => protection === 'confirmed');
    return guarded.length === (options.positions ?? 0);
  });
  return { engine, runner, close };
}

export async function eventually(holds: () => boolean, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`did not hold within ${timeoutMs} ms`);
    await new Promise((settle) => setTimeout(settle, 1));
  }
}

function configFor(venue: VenuePort, incarnation: string, options: DeskAtVenueOptions): EngineConfig {
  const { strategies = [], deadlineMs = 30_000, answerTimeoutMs = 2_000 } = options;
  return engineConfigWith({
    instruments: venue.instruments,
    capabilities: venue.capabilities,
    incarnation,
    strategies,
    risk: {
      maxPositionSizePct: 4,
      maxConcurrentPositions: venue.instruments.length,
      stopLossPct: 5,
      dailyLossLimitPct: 90,
      maxDrawdownPct: 90,
    },
    tracker: { maxConsecutiveLosses: 1000, reEnableCheckMs: DAY_MS },
    closeAll: { deadlineMs, answerTimeoutMs },
    staleMs: 3_600_000,
    heartbeatLost: { process: 'none', operations: 'none', supervisor: 'none' },
    startingCash: 1_000_000 * MONEY_SCALE,
    drawHaltId: () => randomBytes(16).toString('hex'),
  });
}
