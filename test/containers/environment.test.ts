import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readEnvironmentFile } from '../../src/cli/environment-file.js';
import { readEnvironment, readParameterVariables } from '../../src/desk/environment-variable.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { loadDeskHere } from '../../src/home/desk-here.js';
import { tryLockFile } from '../../src/home/file-lock.js';
import { homePaths } from '../../src/home/runtime.js';
import { runtimeFromEnvironment } from '../../src/home/runtime-from-environment.js';
import { ENVIRONMENT } from '../../src/venue/environment.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { runCommand } from '../cli/run-command.js';
import { writeRuntime } from '../cli/trader-double.js';
import { repository } from '../support/desk-under-test.js';

const example = readFileSync(join(repository, '.env.example'), 'utf8');
const variables = ENVIRONMENT.flatMap((section) => section.variables);
const crypto = resolveDesk('crypto-bot');
const WITHIN = { whole: false, min: 1, max: 10, default: 2 } as const;
/** Those that the runbook of this desk names. */
const RUNBOOK = [
  'TRADING_MODE',
  'BINANCE_API_KEY',
  'BINANCE_SECRET_KEY',
  'BINANCE_TESTNET',
  'SYMBOLS',
  'TELEGRAM_BOT_TOKEN',
  'TELEGRAM_CHAT_ID',
  'DASHBOARD_PASSWORD',
  'STOP_LOSS_PCT',
  'DAILY_LOSS_LIMIT_PCT',
  'MAX_POSITION_SIZE_PCT',
  'MAX_CONCURRENT_POSITIONS',
  'STRATEGY_MAX_CONSECUTIVE_LOSSES',
  'STRATEGY_RE_ENABLE_CHECK_HOURS',
];
/** Not ours: of the shell, and of libpq for the programs that are started. */
const FOREIGN = /^(PATH|PG[A-Z_]+)$/;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fermata-environment-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));
const load = (env: Record<string, string>) => loadDeskHere(crypto, {}, env, home);

describe('.env.example', () => {
  it('lists every variable that the code reads', () => {
    const source = join(repository, 'src');
    const read = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [
        ...readFileSync(join(source, file), 'utf8').matchAll(/\benv(?:ironment)?\.([A-Z][A-Z0-9_]+)/g),
      ])
      .map(([, name]) => name ?? '')
      .filter((name) => !FOREIGN.test(name));
    expect(read).toContain('FERMATA_HOME');
    const listed = new Set([...example.matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name));
    // Some are read by their name in the table.
    const wanted = new Set([...read, ...variables.map(({ name }) => name)]);
    expect([...wanted].filter((name) => !listed.has(name))).toEqual([]);
  });

  it('has every variable of the runbook, by the runbook’s name', () => {
    const names = variables.map(({ name }) => name);
    expect(RUNBOOK.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('copied as it is changes nothing about the desk that is shipped, and holds no secret', () => {
    const given = parseEnv(example) as Record<string, string>;
    expect(readEnvironment(ENVIRONMENT, given).problems).toEqual([]);
    expect(load(given).configHash).toBe(loadDesk(crypto).configHash);
    for (const { name, secret } of variables) if (secret) expect(given[name] ?? '').toBe('');
  });
});

describe('the environment', () => {
  it('stands above the desk file, for every process: the desk that runs is a file of its own', () => {
    const loaded = load({
      STOP_LOSS_PCT: '4',
      DAILY_LOSS_LIMIT_PCT: '2.5',
      MAX_POSITION_SIZE_PCT: '3.5',
      MAX_CONCURRENT_POSITIONS: '6',
      SYMBOLS: '["ETH/USDT"]',
      STRATEGY_MAX_CONSECUTIVE_LOSSES: '3',
      STRATEGY_RE_ENABLE_CHECK_HOURS: '7',
    });
    expect(loaded.desk.risk).toMatchObject({
      ...{ stopLossPct: 4, dailyLossLimitPct: 2.5, maxPositionSizePct: 3.5, maxConcurrentPositions: 6 },
    });
    expect(loaded.desk.breakers).toEqual({
      ...{ strategyMaxConsecutiveLosses: 3, strategyReEnableCheckHours: 7 },
    });
    expect(loadDesk(loaded.file).configHash).toBe(loaded.configHash);
    expect(loaded.file.startsWith(home)).toBe(true);
    const traded = ({ instruments, strategies: [first] }: typeof loaded.desk) =>
      expect([instruments.map(({ symbol }) => symbol), first?.symbols]);
    traded(loaded.desk).toEqual([['ETH/USDT'], ['ETH/USDT']]);
    for (const both of ['["ETH/USDT","BTC/USDT"]', 'ETH/USDT,BTC/USDT'])
      traded(load({ SYMBOLS: both }).desk).toEqual([
        ['ETH/USDT', 'BTC/USDT'],
        ['ETH/USDT', 'BTC/USDT'],
      ]);
    expect(() => load({ SYMBOLS: '["XYZ/USDT"]' })).toThrow('no step sizes for XYZ/USDT');
  });

  it('has the names of the SLOB runbook: risk of a trade, most contracts, drawdown, what the setup is, whether anything trades', () => {
    const slob = resolveDesk('slob');
    const given = { RISK_PER_TRADE: '0.005', MAX_POSITION_SIZE: '3', MAX_DRAWDOWN_STOP: '0.2' };
    const { desk, configHash } = loadDeskHere(slob, {}, given, home);
    expect(desk.strategies).toMatchObject([{ enabled: true, size: { riskPct: 0.5, maxLots: 3 } }]);
    expect(desk.risk.maxDrawdownPct).toBe(20);
    const asShipped = {
      ...{
        RISK_PER_TRADE: '0.01',
        MAX_POSITION_SIZE: '5',
        MAX_DRAWDOWN_STOP: '0.25',
        ENABLE_TRADING: 'true',
      },
    };
    expect(loadDesk(slob).configHash).toBe(loadDeskHere(slob, {}, asShipped, home).configHash);
    expect(configHash).not.toBe(loadDesk(slob).configHash);
    expect(loadDeskHere(slob, {}, { ENABLE_TRADING: 'false' }, home).desk.strategies).toMatchObject([
      { enabled: false },
    ]);
    const parameters = {
      ...{ CONSOL_MIN_DURATION: '7', CONSOL_MAX_DURATION: '40', SL_BUFFER_PIPS: '1.5', TP_RISK_REWARD: '3' },
    };
    expect(loadDeskHere(slob, {}, parameters, home).desk.strategies).toMatchObject([
      { parameters: { consolMinDuration: 7, consolMaxDuration: 40, slBufferPips: 1.5, tpRiskReward: 3 } },
    ]);
    for (const wrong of ['0', '5.5', 'five'])
      expect(() => loadDeskHere(slob, {}, { CONSOL_MAX_DURATION: wrong }, home)).toThrow(
        'CONSOL_MAX_DURATION: expected a whole number from 1 to 240',
      );
    expect(loadDeskHere(slob, {}, { AWS_S3_BUCKET: 'my-slob-backups' }, home).desk.backup.s3).toMatchObject({
      ...{ bucket: 'my-slob-backups', endpoint: 'https://s3.us-east-1.amazonaws.com', region: 'us-east-1' },
    });
    // A desk that sizes otherwise has no such number.
    expect(load({ RISK_PER_TRADE: '0.005' }).configHash).toBe(loadDesk(crypto).configHash);
  });

  it('of one venue says nothing of a desk at another: whose money it is stays as its file says', () => {
    const file = join(home, 'nasdaq.yaml');
    for (const testnet of [true, false]) {
      const text = readFileSync(crypto, 'utf8')
        .replace(/^ {2}name: binance$/m, '  name: ibkr')
        .replace(/^ {2}testnet: .*$/m, `  testnet: ${testnet}`)
        .replace(/^feeds:.*$/m, 'feeds: [ibkr]');
      writeFileSync(file, text);
      const others = { BINANCE_TESTNET: String(!testnet) };
      expect(loadDeskHere(file, {}, others, home).desk.venue).toMatchObject({ name: 'ibkr', testnet });
    }
  });

  it('switches to live explicitly: mode and testnet are two variables, and a desk for two people is needed', async () => {
    const switched = { TRADING_MODE: 'live', BINANCE_TESTNET: 'false' };
    expect(load({}).desk).toMatchObject({ mode: 'paper', venue: { testnet: true } });
    expect(() => load(switched)).toThrow('at least 2 people');
    const file = join(home, 'two-people.yaml');
    const text = readFileSync(crypto, 'utf8')
      .replace(/startup: auto/, 'startup: person')
      .replace(/fault: auto/, 'fault: person')
      .replace(/roles: \[operator, approver\]/, '$&\n  - name: berta\n    roles: [approver]');
    writeFileSync(file, text);
    const { desk } = loadDeskHere(file, {}, switched, home);
    expect(desk).toMatchObject({ mode: 'live', venue: { testnet: false } });
    // And a start looks first whether everything is there that real money needs.
    const { code, out, err } = await runCommand(home, ['up', '--desk', file], {
      ...{ ...switched, BINANCE_SIMULATOR_URL: 'http://127.0.0.1:1' },
    });
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('crypto-bot does not start with real money');
    expect(err).toContain('API key validity: BINANCE_API_KEY and BINANCE_SECRET_KEY are not set');
    expect(err).toContain('no trader was started and no order was sent');
  });

  it('says where a role on its own shows the dashboard; without it the desk file does', () => {
    const place = { FERMATA_HOME: home, FERMATA_POSTGRES_HOST: '127.0.0.1' };
    const shown = (given: Record<string, string>) =>
      runtimeFromEnvironment({ ...place, ...given }, false).web;
    expect(shown({})).toMatchObject({ host: '127.0.0.1', port: 8000 });
    const given = { FERMATA_WEB_HOST: '0.0.0.0', FERMATA_PORT: '8123' };
    expect(shown(given)).toMatchObject({ host: '0.0.0.0', port: 8123 });
  });

  it.each([
    ['TRADING_MODE', 'real'],
    ['BINANCE_TESTNET', 'yes'],
    ['SYMBOLS', 'BTC'],
    ['STOP_LOSS_PCT', '0'],
    ['DAILY_LOSS_LIMIT_PCT', '-3'],
    ['MAX_CONCURRENT_POSITIONS', '2.5'],
    ['FERMATA_PORT', '99999'],
    ['RISK_PER_TRADE', '1.5'],
    ['RISK_PER_TRADE', '0.0'],
    ['RISK_PER_TRADE', '1'],
    ['MAX_DRAWDOWN_STOP', '1.0'],
    ['MAX_POSITION_SIZE', '0'],
    ['AWS_S3_BUCKET', 'Mine'],
  ])('with a bad %s starts nothing and names it', (name, value) => {
    expect(() => load({ [name]: value })).toThrow(`${name}: expected`);
  });

  it('gives no strategy what Fermata itself reads: a limit would set two things, and a secret would be written down', () => {
    const named = (environment: string) => [
      { own: { parameters: [{ name: 'stop', meaning: '', ...WITHIN, environment }] } },
    ];
    const read = (name: string) => readParameterVariables(ENVIRONMENT, named(name), { [name]: '5' });
    expect(read('STOP_POINTS')).toEqual({
      parameters: [{ strategy: 0, name: 'stop', value: 5 }],
      problems: [],
    });
    for (const name of ['MAX_POSITION_SIZE', 'TELEGRAM_CHAT_ID', 'BINANCE_API_KEY'])
      expect(read(name)).toEqual({
        parameters: [],
        problems: [expect.stringMatching(`^${name}: expected for what Fermata itself reads`)],
      });
  });

  it('never quotes a secret that has the wrong form', () => {
    expect(() => load({ TELEGRAM_BOT_TOKEN: 'hunter2-hunter2' })).toThrow(/TELEGRAM_BOT_TOKEN: expected/);
    expect(() => load({ TELEGRAM_BOT_TOKEN: 'hunter2-hunter2' })).not.toThrow(/hunter2/);
  });

  it('is read from .env of the working folder, under what the shell has set', () => {
    writeFileSync(join(home, '.env'), 'FERMATA_TEST_ONE=file\nFERMATA_TEST_TWO=file\n');
    process.env.FERMATA_TEST_TWO = 'shell';
    readEnvironmentFile(home);
    expect([process.env.FERMATA_TEST_ONE, process.env.FERMATA_TEST_TWO]).toEqual(['file', 'shell']);
    delete process.env.FERMATA_TEST_ONE;
    delete process.env.FERMATA_TEST_TWO;
  });
});

describe('the own file of a desk that runs with values of its environment', () => {
  const NOWHERE = ['--simulated-venue', 'http://127.0.0.1:1'];
  const DAY = ['--from', '2026-01-01', '--to', '2026-01-01'];
  let own: string;
  beforeEach(() => {
    own = loadDeskHere(crypto, {}, { STOP_LOSS_PCT: '4' }, join(home, 'home')).file;
  });
  const fermata = (...args: string[]) => runCommand(home, args, { STOP_LOSS_PCT: '3' });

  it.each([
    [['preflight', ...NOWHERE], 'Pre-flight of crypto-bot'],
    [['connection', 'test', ...NOWHERE], 'Connection of crypto-bot'],
    [['data', 'fetch', 'XRP/USDT', ...DAY], 'desk crypto-bot does not trade XRP/USDT'],
  ])('is left as it is by %j in a shell with other values', async (args, said) => {
    writeRuntime(join(home, 'home'), own);
    const before = readFileSync(own, 'utf8');
    for (const named of [[], ['--desk', 'crypto-bot']]) {
      const { out, err } = await fermata(...args, ...named);
      expect(out + err).toContain(said);
      expect(readFileSync(own, 'utf8')).toBe(before);
    }
  });

  it('is left as it is by a second start, which is refused, and written by one that has the home', async () => {
    const lock = tryLockFile(join(homePaths(join(home, 'home')).run, 'lock'));
    onTestFinished(() => lock?.release());
    expect((await fermata('up')).err).toContain('another start holds FERMATA_HOME');
    expect(loadDesk(own).desk.risk.stopLossPct).toBe(4);
    lock?.release();
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as AddressInfo).port));
    });
    onTestFinished(() => void taken.close());
    expect((await fermata('up', '--port', String(port))).err).toContain(`port ${port} on 127.0.0.1 is taken`);
    expect(loadDesk(own).desk.risk.stopLossPct).toBe(3);
  });
});
