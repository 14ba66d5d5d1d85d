/** A future is rolled: the trader's own start, journal, prices and orders at a simulated Gateway, with both months listed. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { runCheck } from '../../src/activities/operations/create-operations-activities.js';
import { accountReader } from '../../src/auditor/start-auditor.js';
import { CHECKS } from '../../src/checks/registry.js';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { decisionSubject, signDecision } from '../../src/domain/decision.js';
import { monthKey, settingsTerms } from '../../src/domain/settings-change.js';
import { deskPaths, homePaths, type Runtime } from '../../src/home/runtime.js';
import { preflightDesk } from '../../src/operations/go-live/preflight.js';
import { connectTrader } from '../../src/trader/client.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { startTrader } from '../../src/trader/start.js';
import { tradedContract } from '../../src/venue/ibkr/months.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { DECISION_KEY } from '../go-live/support/live-desk.js';
import { ownPaperAccount } from '../support/paper-account.js';
import { FRIDAY, startSimulator } from './support/at-gateway.js';

const DESK = `
desk: nasdaq
version: 1
mode: paper
venue: { name: ibkr, testnet: true, account: broker-paper }
feeds: [ibkr]
timezone: America/New_York
instruments:
  - symbol: NQ/USD
    kind: future
    tickSize: "0.25"
    lotSize: "1"
    multiplier: "20"
    exchange: CME
    spread: "0.25"
    roll: monday-before-expiry
    sessions: { calendar: cme-equity-index }
paper: { balance: "1000000", currency: USD }
strategies: [{ name: cross, kind: emaCross, symbols: [NQ/USD] }]
risk: { maxPositionSizePct: 70, maxConcurrentPositions: 1, stopLossPct: 1.5, dailyLossLimitPct: 50, maxDrawdownPct: 50 }
resume: { startup: auto }
deadMan: { action: none }
people: [{ name: operator, roles: [operator, approver] }]
`;
const KEY = monthKey('NQ/USD');
const OLD = '15234';
const NEW = '15400';

it('a roll that people approved is in the journal, and the next start trades, prices and warms up on the new contract alone', async () => {
  const begunMs = performance.now();
  const clock = (): number => Math.floor(FRIDAY + performance.now() - begunMs);
  // The calendar's month is that of the machine's date.
  const now = vi.spyOn(Date, 'now').mockImplementation(clock);
  onTestFinished(() => now.mockRestore());
  const accounts = [{ id: ownPaperAccount(), cash: '1000000.00', positions: [] }];
  const simulator = await startSimulator({ wallMs: clock, accounts });
  const home = mkdtempSync(join(tmpdir(), 'fermata-roll-'));
  const deskFile = join(home, 'desk.yaml');
  writeFileSync(deskFile, DESK);
  const { desk, configHash } = loadDesk(deskFile);
  const paths = homePaths(home);
  mkdirSync(paths.secrets, { recursive: true, mode: 0o700 });
  writeFileSync(join(paths.secrets, 'decision-key'), `${DECISION_KEY}\n`, { mode: 0o600 });
  const market = { kind: 'live', files: [], speed: undefined, seed: undefined, exitAtEnd: false } as const;
  const runtime = {
    ...{ version: 1, home, desk: desk.desk, deskFile, configHash, market },
    simulatedVenue: simulator.address,
  } as unknown as Runtime;
  simulator.simulation.setPrice('NQH7', NEW);
  const trading = setInterval(() => {
    simulator.simulation.setPrice('NQZ6', OLD);
    simulator.simulation.setPrice('NQH7', NEW);
  }, 200);
  const { controlSocket, journal } = deskPaths(paths, desk.desk);
  const client = connectTrader(controlSocket);
  let role = await startTrader(runtime);
  onTestFinished(async () => {
    clearInterval(trading);
    client.close();
    await role.stop();
    await simulator.close();
    rmSync(home, { recursive: true, force: true });
    rmSync(paths.sockets, { recursive: true, force: true });
  });
  const until = (what: string, holds: (status: TraderStatus) => boolean) =>
    vi.waitFor(
      async () => {
        const status = await client.call('status', {}, { timeoutMs: 30_000 });
        if (!holds(status)) throw new Error(`not ${what}: ${JSON.stringify(status, null, 1)}`);
        return status;
      },
      { timeout: 100_000, interval: 50 },
    );
  const ready = ({ reconciliation, marketData, contracts }: TraderStatus): boolean =>
    reconciliation.state === 'clean' &&
    marketData.lastPrices.length > 0 &&
    contracts?.[0]?.atVenue?.following != null;
  const look = (check: string, parameters = {}) =>
    runCheck(CHECKS, { trader: client, desk, runtime } as never, { check, with: parameters });

  const before = await until('ready', ready);
  expect(before.contracts).toMatchObject([
    {
      ...{ symbol: 'NQ/USD', month: '202612', next: '202703', phase: 'trading' },
      ...{ lastTradeDay: '2026-12-18', rollDay: '2026-12-14', daysLeft: 28 },
      atVenue: { traded: { name: 'NQZ6' }, following: { name: 'NQH7', lastTradeDay: '2027-03-19' } },
    },
  ]);
  expect(await look('roll-due')).toMatchObject({ verdict: 'pass' });
  expect(await look('roll-due', { warnDays: 30 })).toMatchObject({ verdict: 'warn' });
  expect(await look('contract-in-force', { symbol: 'NQ/USD', month: '202612' })).toMatchObject({
    verdict: 'pass',
  });

  const proposal = {
    incarnation: before.incarnation,
    version: 1,
    changes: [{ key: KEY, from: '202612', to: '202703' }],
  };
  const approvalId = 'settings:nasdaq:1:abcd';
  const vote = signDecision(DECISION_KEY, {
    ...{ decisionId: `${approvalId}:operator:approve`, desk: 'nasdaq', person: 'operator', via: 'web' },
    ...{ choice: 'approve', subject: decisionSubject({ id: approvalId, ...settingsTerms(proposal) }) },
    ...{ atWallMs: clock(), expiresWallMs: clock() + 600_000 },
  } as const);
  await client.call(
    'reload',
    {
      ...{ commandId: 'roll', by: 'operator', reason: 'the December contract ends', baseVersion: 0 },
      ...{ values: { [KEY]: '202703' }, approvalId, decisions: [vote] },
    },
    { timeoutMs: 30_000 },
  );
  const rolled = await until('rolled', ({ contracts }) => contracts?.[0]?.phase === 'rolled');
  expect(rolled.configHash).toBe(before.configHash);
  expect(JSON.stringify(rolled.notTrading)).toContain('fermata restart trader');
  // Its prices, and its orders, are still of the old one: neither is mixed with the new.
  expect(await look('contract-in-force', { symbol: 'NQ/USD', month: '202703' })).toMatchObject({
    verdict: 'fail',
    observed: expect.stringContaining('the trader has not started again; orders go to NQZ6'),
  });

  await role.stop();
  const { port } = simulator;
  expect(tradedContract({ host: '127.0.0.1', port }, 'NQ/USD')).toBeUndefined();
  role = await startTrader(runtime);
  const after = await until('ready', ready);
  expect(after.contracts).toMatchObject([
    { month: '202703', choices: ['202612', '202703', '202706', '202709', '202712'] },
  ]);
  expect(after.contracts).toMatchObject([
    { month: '202703', phase: 'trading', rollDay: '2027-03-15', atVenue: { traded: { name: 'NQH7' } } },
  ]);
  expect(after.configHash).toBe(before.configHash);
  expect(tradedContract({ host: '127.0.0.1', port }, 'NQ/USD')).toMatchObject({ localSymbol: 'NQH7' });
  const bid = Number(after.marketData.lastPrices[0]?.bid);
  expect(Math.abs(bid - Number(NEW))).toBeLessThan(5);
  expect(await look('contract-in-force', { symbol: 'NQ/USD', month: '202703' })).toMatchObject({
    verdict: 'pass',
  });
  const months = [...readJournal(journal)].flatMap(({ record }) =>
    record.type === 'config' ? [record.instruments[0]?.contractMonth] : [],
  );
  expect(months).toEqual(['202612', '202703']);
  const settings = [...readJournal(journal)].flatMap(({ record }) =>
    record.type === 'settings' ? [record] : [],
  );
  expect(settings).toMatchObject([{ changes: proposal.changes, approvedBy: ['operator'], version: 1 }]);
});

type PricesOf = 'live' | 'simulated';

/** The contracts that a trader tells that is started on a paper account, at once or some time later. */
async function tradersOf(text: string): Promise<{
  contractsOn(kind: PricesOf): Promise<TraderStatus['contracts']>;
  goOn(ms: number): void;
}> {
  let jumpMs = 0;
  const begunMs = performance.now();
  const clock = (): number => Math.floor(FRIDAY + jumpMs + performance.now() - begunMs);
  const now = vi.spyOn(Date, 'now').mockImplementation(clock);
  const accounts = [{ id: ownPaperAccount(), cash: '100000.00' }];
  const simulator = await startSimulator({ wallMs: clock, accounts });
  vi.stubEnv('IBKR_GATEWAY', simulator.address);
  const home = mkdtempSync(join(tmpdir(), 'fermata-months-'));
  const deskFile = join(home, 'desk.yaml');
  writeFileSync(deskFile, text.replace(', account: broker-paper', ''));
  const { desk, configHash } = loadDesk(deskFile);
  const paths = homePaths(home);
  const { controlSocket } = deskPaths(paths, desk.desk);
  const client = connectTrader(controlSocket);
  onTestFinished(async () => {
    client.close();
    now.mockRestore();
    vi.unstubAllEnvs();
    await simulator.close();
    rmSync(home, { recursive: true, force: true });
    rmSync(paths.sockets, { recursive: true, force: true });
  });
  const contractsOn = async (kind: PricesOf): Promise<TraderStatus['contracts']> => {
    const market = { kind, files: [], speed: undefined, seed: undefined, exitAtEnd: false } as const;
    const place = { version: 1, home, desk: desk.desk, deskFile, configHash, market };
    const role = await startTrader(place as unknown as Runtime);
    try {
      return await vi.waitFor(
        async () => (await client.call('status', {}, { timeoutMs: 30_000 })).contracts,
        { timeout: 60_000, interval: 50 },
      );
    } finally {
      await role.stop();
    }
  };
  const goOn = (ms: number): void => {
    jumpMs += ms;
  };
  return { contractsOn, goOn };
}

it('a month that the desk file names ends on real prices alone: the simulated market’s are of no contract', async () => {
  const fixed = DESK.replace('roll: monday-before-expiry', 'contractMonth: "202612"');
  const { contractsOn, goOn } = await tradersOf(fixed);
  const named = { month: '202612', rollDay: null, choices: [] };
  goOn(Date.parse('2026-12-17T21:00:00Z') - FRIDAY);
  expect(await contractsOn('live')).toMatchObject([
    { ...named, lastTradeDay: '2026-12-18', phase: 'leaving' },
  ]);
  expect(await contractsOn('simulated')).toMatchObject([{ ...named, lastTradeDay: null, phase: 'trading' }]);
});

it('a paper account keeps its own month while another one, on simulated prices, was traded', async () => {
  const { contractsOn, goOn } = await tradersOf(DESK);
  expect(await contractsOn('live')).toMatchObject([{ month: '202612', phase: 'trading' }]);
  expect(await contractsOn('simulated')).toBeUndefined();
  // Past the roll day: the calendar alone would take the next month, which nobody has approved.
  goOn(25 * 24 * 3_600_000);
  expect(await contractsOn('live')).toMatchObject([{ month: '202612', phase: 'due' }]);
});

it('the auditor reads the month that the trader says it trades; another one that is held is not the desk’s', async () => {
  const positions = [{ localSymbol: 'NQZ6', quantity: 1, averagePrice: OLD }];
  const simulator = await startSimulator({ accounts: [{ id: 'DU1234567', cash: '100000.00', positions }] });
  const home = mkdtempSync(join(tmpdir(), 'fermata-roll-auditor-'));
  onTestFinished(async () => {
    await simulator.close();
    rmSync(home, { recursive: true, force: true });
  });
  const deskFile = join(home, 'desk.yaml');
  writeFileSync(deskFile, DESK);
  const { desk } = loadDesk(deskFile);
  const readBook = accountReader({ kind: 'simulator', address: simulator.address }, desk);
  const contracts = (month: string) =>
    ({ contracts: [{ symbol: 'NQ/USD', month, choices: ['202612', '202703'] }] }) as unknown as TraderStatus;
  expect((await readBook(contracts('202612')))?.positions).toEqual(new Map([['NQ/USD', 1]]));
  await expect(readBook(contracts('202703'))).rejects.toThrow(
    'the account holds 1 NQZ6, which this desk does not trade',
  );
});

it('the pre-flight asks about the month that a start would trade, not about the one that is in front', async () => {
  const simulator = await startSimulator();
  const home = mkdtempSync(join(tmpdir(), 'fermata-roll-preflight-'));
  onTestFinished(async () => {
    await simulator.close();
    rmSync(home, { recursive: true, force: true });
  });
  const deskFile = join(home, 'desk.yaml');
  writeFileSync(deskFile, DESK);
  const nowMs = () => Date.UTC(2026, 7, 1);
  const place = { home, env: {}, simulatedVenue: simulator.address, nowMs };
  const { results } = await preflightDesk(loadDesk(deskFile), place);
  expect(results.map(({ observed }) => observed).join('; ')).toContain('NQ/USD 202609 is not listed');
});
