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
