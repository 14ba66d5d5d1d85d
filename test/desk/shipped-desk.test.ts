/** Values of the shipped desk that its runbook gives: a slip in the file would change what people rely on. */
import { expect, it } from 'vitest';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { engineConfig } from '../../src/trader/engine-config.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { SPOT } from '../support/engine-config.js';

const { desk, configHash } = loadDesk(resolveDesk('crypto-bot'));

it('asks for the trades, win rate, Sharpe ratio and drawdown of its runbook before a GO', () => {
  expect(desk.goLive.criteria).toEqual({
    minTrades: 10,
    minWinRatePct: 45,
    minSharpe: 0.5,
    maxDrawdownPct: 15,
  });
});

it('shows its dashboard where its runbook looks for it', () => {
  expect(desk.api).toMatchObject({ host: '127.0.0.1', port: 8000 });
});

it('gives the engine the limits, the rules of resuming and the day of the desk file', () => {
  const limits = { stopLossPct: 5, dailyLossLimitPct: 3, maxPositionSizePct: 3, maxConcurrentPositions: 3 };
  const { risk, resume } = engineConfig(desk, configHash, 'abc123', [], SPOT);
  expect(risk).toMatchObject({ ...limits, maxDrawdownPct: 15 });
  expect(resume).toMatchObject({
    venue: 'auto',
    dailyLoss: 'next-day',
    drawdown: 'person',
    person: 'person',
  });
  const changed = {
    ...desk,
    ...{ timezone: 'America/New_York', dayBoundary: '17:00' },
    risk: {
      ...desk.risk,
      stopLossPct: 4,
      dailyLossLimitPct: 2,
      maxPositionSizePct: 1,
      maxConcurrentPositions: 7,
    },
    resume: { ...desk.resume, dailyLoss: 'person' as const },
  };
  const other = engineConfig(changed, configHash, 'abc123', [], SPOT);
  expect([other.risk, other.resume]).toEqual([changed.risk, changed.resume]);
  const at = Date.parse('2026-03-02T12:00:00Z');
  expect(engineConfig(desk, configHash, 'abc123', [], SPOT).dayStartMs(at)).toBe(Date.parse('2026-03-02'));
  expect(other.dayStartMs(at)).toBe(Date.parse('2026-03-01T22:00:00Z'));
});

it('gives the engine the desk file’s number of losses in a row, and the hours until the next look', () => {
  const changed = {
    ...desk,
    breakers: { ...desk.breakers, strategyMaxConsecutiveLosses: 4, strategyReEnableCheckHours: 7 },
  };
  expect(engineConfig(changed, configHash, 'abc123', [], SPOT).tracker).toEqual({
    maxConsecutiveLosses: 4,
    reEnableCheckMs: 7 * 3_600_000,
  });
});

it('gives the engine the desk file’s bounds of prices and of a stop that the market has passed', () => {
  const told = engineConfig(desk, configHash, 'abc123', [], SPOT);
  expect(told.quotes).toEqual({ awaySpreads: 20, awayPct: 3, spreadPct: 2, agreeing: 3, standsMs: 2_000 });
  expect(told.stopOverrunMs).toBe(10_000);
  const implausible = { awaySpreads: 8, awayPct: 1.5, spreadPct: 0.7, agreeing: 5, standsSeconds: 4 };
  const changed = { ...desk, prices: { implausible }, risk: { ...desk.risk, stopOverrunSeconds: 25 } };
  const { quotes, stopOverrunMs } = engineConfig(changed, configHash, 'abc123', [], SPOT);
  expect(quotes).toEqual({ awaySpreads: 8, awayPct: 1.5, spreadPct: 0.7, agreeing: 5, standsMs: 4_000 });
  expect(stopOverrunMs).toBe(25_000);
});

it('gives the engine each fee asset of the desk file with the instrument that values it', () => {
  const [first, second] = desk.instruments;
  const changed = {
    ...desk,
    venue: { ...desk.venue, feeAssets: { BNB: second!.symbol, KCS: first!.symbol } },
  };
  expect(engineConfig(changed, configHash, 'abc123', [], SPOT).feeAssets).toEqual({ BNB: 1, KCS: 0 });
  expect(engineConfig(desk, configHash, 'abc123', [], SPOT).feeAssets).toEqual({});
});
