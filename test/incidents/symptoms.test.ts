import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { shippedKindIn } from '../../src/desk/incident-schema.js';
import { incidentStart, symptomsOf, symptomsOfProcess } from '../../src/temporal/report-incident.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { scriptedStatus } from '../support/trader-status.js';
import { strategy } from './incident-bench.js';

const deskFile = fileURLToPath(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url));
const cryptoBot = loadDesk(deskFile).desk;

function halted(
  cause: TraderStatus['halts'][number]['cause'],
  more: Partial<TraderStatus> = {},
): TraderStatus {
  const halt = {
    haltId: randomBytes(16).toString('hex'),
    mode: 'HALTED',
    scope: { kind: 'desk' },
    cause,
    by: 'fermata',
    reason: `because of ${cause}`,
    resume: 'auto',
    atWallMs: 0,
    atMarketMs: 0,
  } as const;
  return scriptedStatus({ mode: 'HALTED', halts: [halt], haltId: halt.haltId, ...more });
}

const kinds = (status: TraderStatus) =>
  symptomsOf(cryptoBot, status).map(({ kind, subject }) => [kind, subject]);
const risk = (daily: string, drawdown: string) => [
  { limit: 'daily-loss', value: '3 %', now: `${daily} %` },
  { limit: 'drawdown', value: '15 %', now: `${drawdown} %` },
];

describe('what is an incident', () => {
  it('nothing while the desk trades, and no start, end or stop of a person', () => {
    expect(kinds(scriptedStatus())).toEqual([]);
    for (const cause of ['startup', 'shutdown', 'person', 'kill', 'recording-ended'] as const)
      expect(kinds(halted(cause))).toEqual([]);
  });

  it('S2-065 an outage of the exchange, by its halt, by stale live prices, or by the API breaker', () => {
    expect(kinds(halted('venue'))).toEqual([['exchange-down', '']]);
    const live = { ...scriptedStatus().marketData, kind: 'live' } as const;
    expect(kinds(halted('stale-data', { marketData: live }))).toEqual([['exchange-down', '']]);
    expect(kinds(halted('stale-data'))).toEqual([['trading-halted', 'stale-data']]);
    const books = { kind: 'trading-halted', subject: 'reconciliation', detail: 'because of reconciliation' };
    expect(symptomsOf(cryptoBot, halted('reconciliation'))).toMatchObject([books]);
    const venueBreaker = { state: 'open', sinceWallMs: 7, detail: '5 failures' } as const;
    expect(kinds(scriptedStatus({ venueBreaker }))).toEqual([['exchange-down', '']]);
    const openSince = (sinceWallMs: number) =>
      symptomsOf(cryptoBot, scriptedStatus({ venueBreaker: { ...venueBreaker, sinceWallMs } }));
    expect(openSince(7)).toMatchObject([{ detail: 'API breaker open: 5 failures' }]);
    expect(openSince(9)[0]?.key, 'open for the second time').not.toBe(openSince(7)[0]?.key);
  });

  it('S2-072 a large drawdown, by a daily loss or drawdown near its limit, or at it', () => {
    expect(kinds(scriptedStatus({ risk: risk('2.39', '1') }))).toEqual([]);
    expect(kinds(scriptedStatus({ risk: risk('2.40', '1') }))).toEqual([['large-drawdown', '']]);
    expect(kinds(scriptedStatus({ risk: risk('0', '12') }))).toEqual([['large-drawdown', '']]);
    expect(kinds(halted('daily-loss', { risk: risk('3.1', '3.1') }))).toEqual([['large-drawdown', '']]);
    expect(kinds(halted('drawdown'))).toEqual([['large-drawdown', '']]);
    // What halts is one incident, however near the other limit is.
    expect(kinds(halted('daily-loss', { risk: risk('3.1', '14') }))).toEqual([['large-drawdown', '']]);
    const near = (lossesCountFrom: string) =>
      symptomsOf(cryptoBot, scriptedStatus({ risk: risk('2.7', '1'), lossesCountFrom }));
    expect(near('10000.00')).toMatchObject([
      { detail: 'daily-loss is at 90 % of its limit; equity 10042.18, 0.21 % below its peak' },
    ]);
    expect(near('9800.00')[0]?.key, 'on another day').not.toBe(near('10000.00')[0]?.key);
  });

  it('S2-079 an unexpected end of a process, and each end is one of its own', () => {
    const process = { name: 'trader', state: 'running', pid: 1, restarts: 1 } as const;
    expect(symptomsOfProcess({ ...process, lastDeath: null })).toEqual([]);
    const [first] = symptomsOfProcess({ ...process, lastDeath: { how: 'SIGKILL', atMs: 5 } });
    expect(first).toMatchObject({ kind: 'crash-and-restart', subject: 'trader', key: 'death:5' });
    expect(first?.detail).toContain('SIGKILL');
    const [second] = symptomsOfProcess({ ...process, lastDeath: { how: 'SIGKILL', atMs: 9 } });
    expect(second?.key, 'ended for the second time').not.toBe(first?.key);
    expect(
      symptomsOfProcess({ ...process, state: 'down', lastDeath: { how: 'x', atMs: 5 } })[0]?.detail,
    ).toContain('stays down');
  });

  it('S2-085 a strategy that was switched off by itself, or keeps losing; not one that a person switched off', () => {
    const off = { automatic: true, by: 'fermata', reason: '5 losses', atMarketMs: 9, nextReviewMarketMs: 10 };
    const of = (...strategies: TraderStatus['strategies']) => kinds(scriptedStatus({ strategies }));
    expect(of(strategy('a', { enabled: false, off }))).toEqual([['strategy-underperforming', 'a']]);
    expect(
      symptomsOf(cryptoBot, scriptedStatus({ strategies: [strategy('a', { enabled: false, off })] })),
    ).toMatchObject([{ title: 'a was switched off by itself', detail: '5 losses' }]);
    expect(of(strategy('a', { enabled: false, off: { ...off, automatic: false } }))).toEqual([]);
    expect(of(strategy('a', { trades: 20, wins: 5 }))).toEqual([['strategy-underperforming', 'a']]);
    expect(of(strategy('a', { trades: 19, wins: 5 }))).toEqual([]);
    expect(of(strategy('a', { trades: 20, wins: 6 }))).toEqual([]);
    expect(of(strategy('a', { trades: 20, wins: 5, realised: '0.01' }))).toEqual([]);
    const key = (trades: number, atMarketMs: number, incarnation = 'abc123') =>
      symptomsOf(
        cryptoBot,
        scriptedStatus({
          incarnation,
          strategies: [strategy('a', { enabled: false, trades, off: { ...off, atMarketMs } })],
        }),
      )[0]?.key;
    expect(key(5, 86_400_009), 'looked at again, and still off').toBe(key(5, 9));
    expect(key(8, 86_400_009), 'off for the second time').not.toBe(key(5, 9));
    expect(key(5, 9, 'def456'), 'off in a journal begun anew').not.toBe(key(5, 9));
    const losing = (incarnation: string) =>
      symptomsOf(
        cryptoBot,
        scriptedStatus({ incarnation, strategies: [strategy('a', { trades: 20, wins: 5 })] }),
      )[0]?.key;
    expect(losing('abc123')).toBe(losing('abc123'));
    expect(losing('def456'), 'losing in a journal begun anew').not.toBe(losing('abc123'));
    const both = [
      strategy('a', { trades: 10, wins: 2 }),
      strategy('a', { trades: 10, wins: 3, symbol: 'ETH/USDT' }),
    ];
    expect(of(...both)).toEqual([['strategy-underperforming', 'a']]);
    const inCoins = [strategy('a', { trades: 20, wins: 5, realised: '-0.00042000' })];
    expect(symptomsOf(cryptoBot, scriptedStatus({ currency: 'BTC', strategies: inCoins }))).toMatchObject([
      { detail: '20 trades, 5 won, result -0.00042000' },
    ]);
  });

  it('is begun with the keys that the desk file has for its kind, and with none of the others', () => {
    const drawdown = { nearLimitPct: 60, offerSizePct: 40, offerMinutes: 90, volatilityTimesNormal: 3 };
    const losing = { losingTrades: 8, losingWinRatePct: 70 };
    const { incidents } = cryptoBot;
    const desk: typeof cryptoBot = {
      ...cryptoBot,
      incidents: {
        ...incidents,
        kinds: {
          ...incidents.kinds,
          'large-drawdown': { severity: 'low', ...drawdown },
          'strategy-underperforming': { severity: 'low', ...losing },
        },
      },
    };
    const begun = (status: TraderStatus) =>
      symptomsOf(desk, status).map((symptom) => {
        const { severity, settings, timing } = incidentStart(desk, symptom, status).args[0];
        return [severity, settings, timing.offerMs];
      });
    const { statusPage } = shippedKindIn(incidents, 'exchange-down');
    expect(statusPage).toBe('https://api.binance.com/sapi/v1/system/status');
    const offerMs = 90 * 60_000;
    expect(begun(halted('venue'))).toEqual([['high', { statusPage }, offerMs]]);
    expect(begun(scriptedStatus({ risk: risk('1.80', '1') }))).toEqual([['low', drawdown, offerMs]]);
    expect(begun(scriptedStatus({ risk: risk('1.79', '1') }))).toEqual([]);
    expect(begun(scriptedStatus({ strategies: [strategy('a', { trades: 8, wins: 5 })] }))).toEqual([
      ['low', losing, offerMs],
    ]);
    expect(begun(scriptedStatus({ strategies: [strategy('a', { trades: 8, wins: 6 })] }))).toEqual([]);
    expect(begun(halted('reconciliation'))).toEqual([['high', {}, offerMs]]);
  });
});
