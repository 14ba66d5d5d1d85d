/** A desk file that names this venue, as the trader, the auditor and the pre-flight take it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { IbkrSimulator, SimulatorOptions } from '../../simulators/ibkr/start.js';
import { createAudit } from '../../src/auditor/create-audit.js';
import { readExchange } from '../../src/checks/preflight/exchange-reading.js';
import { runPreflight } from '../../src/checks/preflight/run-preflight.js';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { DeskFileError } from '../../src/desk/problem.js';
import { deskPaths, homePaths, type Runtime } from '../../src/home/runtime.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { connectTrader, type TraderClient } from '../../src/trader/client.js';
import { buildInstruments } from '../../src/trader/engine-config.js';
import { startTrader } from '../../src/trader/start.js';
import { tradedContract } from '../../src/venue/ibkr/months.js';
import { loadDesk, parseDesk } from '../../src/venue/load-desk.js';
import { tradedVenue } from '../../src/venue/registry.js';
import { CHAT_KEY, DECISION_KEY, vote } from '../go-live/support/live-desk.js';
import { problemsOf } from '../pack/support/strategy-desk.js';
import { eventually } from '../support/eventually.js';
import { enrol } from '../support/own-keys.js';
import { FRIDAY, NQ, startSimulator } from './support/at-gateway.js';

const DESK = `
desk: nasdaq
version: 1
mode: live
venue: { name: ibkr, testnet: true }
feeds: [ibkr]
timezone: America/New_York
instruments:
  - { symbol: NQ/USD, kind: future, tickSize: "0.25", lotSize: "1", multiplier: "20", exchange: CME, spread: "0.25" }
paper: { balance: "1000000", currency: USD }
strategies: [{ name: always, kind: ./strategies/always.ts, symbols: [NQ/USD] }]
risk: { maxPositionSizePct: 70, maxConcurrentPositions: 1, stopLossPct: 1.5, dailyLossLimitPct: 50, maxDrawdownPct: 50 }
resume: { startup: person, fault: person }
deadMan: { action: none }
people: [{ name: operator, roles: [operator, approver] }, { name: second, roles: [approver] }]
`;

/** Buys whatever it sees, once, with a stop ten points below. */
const ALWAYS = `import { strategy } from 'fermata/strategy';
export default strategy({
  suits: 'trending',
  parameters: {},
  create: () => ({
    warmupBars: 1,
    onBar(desk) {
      if (desk.lots !== 0 || desk.entryResting || Number.isNaN(desk.ask)) return;
      const ticks = desk.ask;
      desk.enter({ side: 'buy', type: 'limit', ticks, exits: { stop: { ticks: ticks - 40 } }, restBars: 5, because: 'always' });
    },
    state: () => 'buys',
  }),
});
`;
const ENTERS_AT_MARKET = ALWAYS.replace('parameters: {},', "parameters: {}, enters: ['limit', 'market'],");
const SECONDS_LEFT_OF_THE_MINUTE = 12;

/** A clock that goes on from shortly before the end of a minute. */
function goingOn(): () => number {
  const from = FRIDAY - SECONDS_LEFT_OF_THE_MINUTE * 1000 - performance.now();
  return () => Math.floor(from + performance.now());
}

interface Desk {
  readonly simulator: IbkrSimulator;
  readonly client: TraderClient;
  readonly deskFile: string;
  until(what: string, holds: (status: TraderStatus) => boolean): Promise<TraderStatus>;
}

async function startDesk(options: SimulatorOptions = {}, edit = (text: string) => text): Promise<Desk> {
  const simulator = await startSimulator({ wallMs: goingOn(), ...options });
  const home = mkdtempSync(join(tmpdir(), 'fermata-ibkr-'));
  const deskFile = join(home, 'desk.yaml');
  writeFileSync(deskFile, edit(DESK));
  mkdirSync(join(home, 'strategies'));
  writeFileSync(join(home, 'strategies/always.ts'), ALWAYS);
  writeFileSync(join(home, 'strategies/against.ts'), AGAINST);
  const { desk, configHash } = loadDesk(deskFile);
  const paths = homePaths(home);
  mkdirSync(paths.secrets, { recursive: true, mode: 0o700 });
  writeFileSync(join(paths.secrets, 'decision-key'), `${DECISION_KEY}\n`, { mode: 0o600 });
  writeFileSync(join(paths.secrets, 'telegram-vote-key'), `${CHAT_KEY}\n`, { mode: 0o600 });
  enrol(home, 'operator', 'second');
  const market = { kind: 'live', files: [], speed: undefined, seed: undefined, exitAtEnd: false } as const;
  const runtime = {
    ...{ version: 1, home, desk: desk.desk, deskFile, configHash, market },
    simulatedVenue: simulator.address,
  } as unknown as Runtime;
  // A minute without a trade has no bar.
  const trading = setInterval(() => simulator.simulation.setPrice('NQZ6', '15234'), 200);
  const client = connectTrader(deskPaths(paths, desk.desk).controlSocket);
  const role = await startTrader(runtime);
  onTestFinished(async () => {
    clearInterval(trading);
    client.close();
    await role.stop();
    await simulator.close();
    rmSync(home, { recursive: true, force: true });
    rmSync(paths.sockets, { recursive: true, force: true });
  });
  const until: Desk['until'] = (what, holds) =>
    vi.waitFor(
      async () => {
        const now = await client.call('status', {}, { timeoutMs: 30_000 });
        if (!holds(now)) throw new Error(`not ${what}: ${JSON.stringify(now, null, 1)}`);
        return now;
      },
      { timeout: 100_000, interval: 50 },
    );
  return { simulator, client, deskFile, until };
}

const ready = ({ reconciliation, marketData }: TraderStatus): boolean =>
  reconciliation.state === 'clean' && marketData.state === 'up';
const why = { commandId: 'c', by: 'operator', reason: 'a test' };
const AUDITOR = 13;
/** Place, cancel, cancel everybody's. */
const ABOUT_ORDERS = [3, 4, 58];

/** Requests of a client, by their numbers in the protocol. */
function requestsOf({ simulation: { faults } }: IbkrSimulator, client: number): ReadonlySet<number> {
  const seen = new Set<number>();
  const { ofRequest } = faults;
  faults.ofRequest = (clientId, id) => {
    if (clientId === client) seen.add(id);
    return ofRequest.call(faults, clientId, id);
  };
  return seen;
}
const resting = ({ simulation }: IbkrSimulator) =>
  simulation.orders.open.map(({ terms: { type, action, quantity } }) => ({ type, action, quantity }));

it('trades a future: the broker’s prices and past, an entry with its stop, and closes all; the auditor agrees at each step', async () => {
  const { simulator, client, deskFile, until } = await startDesk({
    accounts: [{ id: 'DU1234567', cash: '1000000.00', positions: [] }],
  });
  const first = await until('ready', ready);
  expect(first).toMatchObject({
    mode: 'HALTED',
    trading: 'live',
    cash: '1000000.00',
    account: { name: 'Interactive Brokers simulator' },
  });
  expect(first.marketData.lastPrices).toMatchObject([{ symbol: 'NQ/USD', bid: '15233.75', ask: '15234.25' }]);
  expect(first.marketData.label).toBe('live: ibkr simulator public quotes');
  // Its prices follow the month that its orders go to.
  const { port } = simulator;
  expect(tradedContract({ host: '127.0.0.1', port }, 'NQ/USD')).toMatchObject({ localSymbol: 'NQZ6' });

  const { desk } = loadDesk(deskFile);
  const instruments = buildInstruments(desk);
  const signedIn = tradedVenue('ibkr').live.signInToRead({});
  if (!signedIn.ok) throw new Error(signedIn.problem);
  const endpoint = { kind: 'simulator', address: simulator.address } as const;
  const askedByAuditor = requestsOf(simulator, AUDITOR);
  const readBook = signedIn.access.bookReader({ endpoint, instruments, foreign: {} });
  const objections: string[] = [];
  const audit = createAudit({
    ...{ trader: client, instruments, risk: desk.risk, readBook },
    readPrices: async ({ lastPrices }) =>
      new Map(lastPrices.map(({ symbol, bid, ask }) => [symbol, { bid: Number(bid), ask: Number(ask) }])),
    onPricesMissing: (missing) => objections.push(missing),
  });
  const audited = async (): Promise<void> => {
    for (let look = 0; look < 2; look += 1) expect(await audit()).toBeNull();
    expect(objections).toEqual([]);
  };
  await audited();

  const { incarnation, configHash, haltId } = first;
  const size = { maxPositionSizePct: 70, maxConcurrentPositions: 1 };
  const proposal = { release: '0.0.0-test', attempt: 1, step: 0, incarnation, configHash, haltId, size };
  const decisions = ['operator', 'second'].map((person) => vote(proposal, person, { desk: 'nasdaq' }));
  await client.call('goLive', { ...why, proposal, decisions }, { timeoutMs: 30_000 });
  // The first minute that ends makes it buy what 70 % of a million pay for: two contracts of 304,685.
  const held = await until(
    'bought and protected',
    ({ positions: [position] }) => position?.protection === 'confirmed',
  );
  expect(held.positions).toMatchObject([
    { symbol: 'NQ/USD', side: 'long', quantity: '2', stopPrice: '15224.25' },
  ]);
  expect(resting(simulator)).toEqual([{ type: 'STP', action: 'SELL', quantity: 2 }]);
  await audited();
  // Behind the trader's back.
  expect(await readBook()).toMatchObject({ cash: null, positions: new Map([['NQ/USD', 2]]) });

  await client.call('closeAll', why, { timeoutMs: 30_000 });
  const flat = await until(
    'flat',
    ({ closeAll, positions }) => closeAll === 'flat' && positions.length === 0,
  );
  expect(resting(simulator)).toEqual([]);
  // Two contracts bought at the ask and sold at the bid: two ticks of 5 dollars and 2.25 for each trade of one.
  expect(flat.cash).toBe('999971.00');
  expect(await readBook()).toMatchObject({ cash: 99_997_100_000_000, positions: new Map() });
  await audited();
  expect(askedByAuditor.size).toBeGreaterThan(0);
  expect(ABOUT_ORDERS.filter((id) => askedByAuditor.has(id))).toEqual([]);
});

const onBrokersPaper = (text: string): string =>
  text
    .replace('mode: live', 'mode: paper')
    .replace('testnet: true }', 'testnet: true, account: broker-paper }')
    .replace('resume: { startup: person, fault: person }', 'resume: { startup: auto }');

it('on paper money sends its orders to the broker’s paper account, and needs no go-live for it', async () => {
  const accounts = [{ id: 'DU1234567', cash: '1000000.00', positions: [] }];
  const { simulator, client, until } = await startDesk({ accounts }, onBrokersPaper);
  const first = await until('ready', ready);
  expect(first).toMatchObject({
    trading: 'paper',
    cash: '1000000.00',
    account: { name: 'Interactive Brokers simulator' },
    goLive: { required: false },
  });
  const { configHash, haltId } = first;
  await client.call(
    'arm',
    { ...why, haltId: haltId ?? '', configHash, decisions: [] },
    { timeoutMs: 30_000 },
  );
  await until('bought and protected', ({ positions: [position] }) => position?.protection === 'confirmed');
  expect(resting(simulator)).toEqual([{ type: 'STP', action: 'SELL', quantity: 2 }]);
});

/** Sells one contract, once, with a stop ten points above. */
const AGAINST = ALWAYS.replace('const ticks = desk.ask;', 'const ticks = desk.bid;')
  .replace("side: 'buy'", "side: 'sell'")
  .replace('ticks - 40', 'ticks + 40');

const sideBySide = (text: string): string =>
  onBrokersPaper(text)
    .replace('exchange: CME', 'exchange: CME, sideBySide: true')
    .replace(
      /strategies: .*/,
      `strategies:
  - { name: long, kind: ./strategies/always.ts, symbols: [NQ/USD], size: { lots: 2 } }
  - { name: short, kind: ./strategies/against.ts, symbols: [NQ/USD], size: { lots: 1 } }`,
    );

it('holds trades of two strategies against each other: the broker has their sum and a stop for each, and closes the net', async () => {
  const accounts = [{ id: 'DU1234567', cash: '1000000.00', positions: [] }];
  const { simulator, client, until } = await startDesk({ accounts }, sideBySide);
  const { configHash, haltId } = await until('ready', ready);
  const armed = { haltId: haltId ?? '', configHash, decisions: [] };
  await client.call('arm', { ...why, ...armed }, { timeoutMs: 30_000 });
  const held = await until(
    'both bought and sold, and protected',
    ({ positions: [position] }) => position?.parts?.length === 2 && position.protection === 'confirmed',
  );
  expect(held.positions).toMatchObject([
    {
      ...{ symbol: 'NQ/USD', side: 'long', quantity: '1' },
      parts: expect.arrayContaining([
        expect.objectContaining({ strategy: 'long', side: 'long', quantity: '2', protection: 'confirmed' }),
        expect.objectContaining({ strategy: 'short', side: 'short', quantity: '1', protection: 'confirmed' }),
      ]),
    },
  ]);
  expect(resting(simulator)).toEqual(
    expect.arrayContaining([
      { type: 'STP', action: 'SELL', quantity: 2 },
      { type: 'STP', action: 'BUY', quantity: 1 },
    ]),
  );
  await client.call('closeAll', why, { timeoutMs: 30_000 });
  const flat = await until(
    'flat',
    ({ closeAll, positions: open }) => closeAll === 'flat' && open.length === 0,
  );
  expect(resting(simulator)).toEqual([]);
  // Two bought and one sold across the spread of two ticks of 5 dollars, one sold as the net: four contracts of 2.25.
  expect(flat.cash).toBe('999971.00');
});

it('on paper money does not start at a real account, and says whose name it has to have', async () => {
  const accounts = [{ id: 'U7654321', cash: '5000.00', positions: [] }];
  await expect(startDesk({ accounts }, onBrokersPaper)).rejects.toThrow(
    /the account U7654321 is real: a desk on paper trades one whose name begins with DU.*No order was sent/,
  );
});

it('is looked at before it trades: whose account it is, its money, its contracts, on connections of their own', async () => {
  const simulator = await startSimulator();
  onTestFinished(() => simulator.close());
  const { desk } = parseDesk('desk.yaml', DESK, { strategies: () => new Map() });
  const look = (simulatedVenue: string, env = {}) => readExchange({ desk, env, simulatedVenue });
  const found = await look(simulator.address);
  expect(found).toMatchObject({
    endpoint: `Interactive Brokers simulator at ${simulator.address}`,
    permissions: { ok: true, value: { problems: [], warnings: [] } },
    balances: { ok: true, value: { currency: 'USD' } },
    symbols: { ok: true, value: new Map([['NQ/USD', null]]) },
  });
  // Prices follow what is traded, and nothing is.
  expect(tradedContract({ host: '127.0.0.1', port: simulator.port }, 'NQ/USD')).toBeUndefined();
  const nobodys = await look(simulator.address, { IBKR_ACCOUNT: 'DU999999' });
  expect(JSON.stringify(nobodys.permissions)).toContain('the account DU999999 is not of this login');
  expect(nobodys.balances.ok).toBe(false);
  const wrong = await look(simulator.address, { IBKR_ACCOUNT: 'du1' });
  expect(wrong.balances).toMatchObject({ ok: false, why: expect.stringContaining('IBKR_ACCOUNT: expected') });
  const remote = await look('http://10.0.0.1:4002');
  expect(remote.balances).toMatchObject({ ok: false, why: expect.stringContaining('like 127.0.0.1:4002') });
});

it('is looked at as the auditor will read it, beside an auditor that reads it at that moment', async () => {
  const simulator = await startSimulator();
  onTestFinished(() => simulator.close());
  const { desk } = parseDesk('desk.yaml', DESK, { strategies: () => new Map() });
  const auditor = connect(simulator.port, '127.0.0.1');
  onTestFinished(() => void auditor.destroy());
  auditor.write('API\0');
  for (const text of ['v177..177', '71\x002\x0013\0\0'])
    auditor.write(Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)]));
  await eventually(() => expect([...simulator.simulation.clients.keys()]).toContain(13));
  const look = async (simulatedVenue: string, env = {}) => {
    const subject = { desk, env, simulatedVenue, configHash: '', home: '/nowhere', reportFolder: '/nowhere' };
    const exchange = await readExchange({ desk, env, simulatedVenue });
    const { results } = await runPreflight({ ...subject, exchange, nowMs: 0 });
    return results.find(({ key }) => key === 'auditor-key');
  };
  expect(await look(simulator.address)).toMatchObject({
    verdict: 'pass',
    observed: 'read over a connection of its own; the venue has no keys',
  });
  expect(await look(simulator.address, { IBKR_ACCOUNT: 'DU999999' })).toMatchObject({
    verdict: 'fail',
    observed: expect.stringContaining('IBKR_ACCOUNT: expected one of'),
  });
  expect(await look(`127.0.0.1:${await freePort()}`)).toMatchObject({
    verdict: 'fail',
    observed: expect.stringContaining('ECONNREFUSED'),
  });
});

it('has its prices beside a validation, a fetch and a connection test: each reads them by a client id of its own', async () => {
  const simulator = await startSimulator();
  onTestFinished(() => simulator.close());
  const { live, prices } = tradedVenue('ibkr');
  const addresses = prices.redirect(live.endpoint({ venue: { testnet: true } }, simulator.address, {}));
  for (const reader of ['trader', 'validation', 'fetch', 'test'] as const) {
    const given = { instruments: [NQ], timeoutMs: 5000, addresses, reader };
    const connection = await prices.open(given);
    onTestFinished(async () => void (await connection.close()));
  }
  expect([...simulator.simulation.clients.keys()]).toEqual([12, 16, 17, 18]);
});

it('with a real account behind a desk on paper money is refused, by the pre-flight and the auditor’s choice of account alike', async () => {
  const simulator = await startSimulator({ accounts: [{ id: 'U7654321', cash: '5000.00', positions: [] }] });
  onTestFinished(() => simulator.close());
  const { desk } = parseDesk('desk.yaml', DESK, { strategies: () => new Map() });
  const found = await readExchange({ desk, env: {}, simulatedVenue: simulator.address });
  expect(JSON.stringify(found.permissions)).toContain('the account U7654321 is real');
  expect(found.balances.ok).toBe(false);
});

it.each([
  [
    DESK.replace('kind: future', 'kind: spot').replace('multiplier: "20", exchange: CME, ', ''),
    'instruments[0].kind: future or stock',
  ],
  [
    DESK.replace(
      'instruments:\n',
      'instruments:\n  - { symbol: AAPL/USD, kind: stock, tickSize: "0.01", lotSize: "1" }\n',
    ),
    'instruments[1].kind: stock, as of the first instrument',
  ],
  [
    DESK.replace('lotSize: "1"', 'lotSize: "0.5"'),
    'instruments[0].lotSize: "1", the only lot size of a future at ibkr, where orders go (NQ/USD)',
  ],
  [
    DESK.replaceAll('NQ/USD', 'NQ/USDT'),
    'instruments[0].symbol: the root of the future and its currency, such as NQ/USD: a future at ibkr, where orders go',
  ],
  [
    // The one could convert the other, but no fill would say at which rate.
    DESK.replace(
      'instruments:\n',
      `instruments:
  - { symbol: JPY/USD, kind: future, tickSize: "0.0000005", lotSize: "1", multiplier: "12500000", exchange: CME, spread: "0.0000005" }
  - { symbol: NIY/JPY, kind: future, tickSize: "5", lotSize: "1", multiplier: "500", exchange: CME, spread: "5" }
`,
    ),
    'instruments[1].symbol: a symbol quoted in USD (paper.currency), since orders go to ibkr',
  ],
])('says what an account there can’t trade, with the field', (text, problem) => {
  expect.assertions(1);
  try {
    parseDesk('desk.yaml', text, { strategies: () => new Map() });
  } catch (error) {
    if (!(error instanceof DeskFileError)) throw error;
    expect(error.problems.map(({ key, expected }) => `${key}: ${expected}`).join()).toContain(problem);
  }
});

/** On prices of the broker, in Fermata's own paper account. */
const onPaper = (text: string): string =>
  text
    .replace('exchange: CME,', 'exchange: CME, contractMonth: "202612",')
    .replace('mode: live', 'mode: paper')
    .replace(', testnet: true', '');

it('refuses a strategy that enters at the market where orders go to this venue, takes one that enters by a stop, and both on paper', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-ibkr-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'strategies'));
  writeFileSync(join(folder, 'strategies/always.ts'), ENTERS_AT_MARKET);
  const file = join(folder, 'desk.yaml');
  expect(problemsOf(() => parseDesk(file, DESK))).toEqual([
    'strategies[0].kind ./strategies/always.ts, which says enters: market',
  ]);
  expect(() => parseDesk(file, DESK)).toThrow(
    /entries in NQ\/USD are limit or stop orders, as they go to ibkr/,
  );
  writeFileSync(join(folder, 'strategies/always.ts'), ENTERS_AT_MARKET.replace("'market'", "'stop'"));
  expect(parseDesk(file, DESK).desk.strategies[0]?.own?.enters).toEqual(['limit', 'stop']);
  writeFileSync(join(folder, 'strategies/always.ts'), ENTERS_AT_MARKET);
  expect(parseDesk(file, onPaper(DESK)).desk.strategies[0]?.own?.enters).toEqual(['limit', 'market']);
});

it('refuses a strategy that says terms of a limit which this venue doesn’t take, with their names, and none on paper', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-ibkr-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'strategies'));
  const terms = ['fillOrKill', 'postOnly'] as const;
  const text = ALWAYS.replace('parameters: {},', `parameters: {}, terms: ${JSON.stringify(terms)},`);
  writeFileSync(join(folder, 'strategies/always.ts'), text);
  const file = join(folder, 'desk.yaml');
  expect(problemsOf(() => parseDesk(file, DESK))).toEqual([
    'strategies[0].kind ./strategies/always.ts, which says terms: fillOrKill and postOnly',
  ]);
  expect(() => parseDesk(file, DESK)).toThrow(/entries in NQ\/USD are without fillOrKill and postOnly/);
  expect(parseDesk(file, onPaper(DESK)).desk.strategies[0]?.own?.terms).toEqual(terms);
  // Without `terms` nothing is said, but its entries on made-up prices tell.
  const asks = ALWAYS.replace("type: 'limit',", "type: 'limit', postOnly: true,");
  expect(asks).not.toBe(ALWAYS);
  writeFileSync(join(folder, 'strategies/always.ts'), asks);
  expect(problemsOf(() => parseDesk(file, DESK))).toEqual([
    'strategies[0].kind ./strategies/always.ts, which asked for postOnly on made-up prices',
  ]);
  expect(parseDesk(file, onPaper(DESK)).desk.strategies[0]?.own?.asked).toEqual(['postOnly']);
});
