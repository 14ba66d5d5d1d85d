import {
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import type { BacktestReport } from '../../src/backtest/report/build-report.js';
import type { SweepReport } from '../../src/backtest/sweep/sweep-report.js';
import { backtestDesk } from '../../src/cli/backtest-desk.js';
import { OutputFile } from '../../src/cli/output-file.js';
import { homePaths } from '../../src/home/runtime.js';
import { ensureDataKey } from '../../src/home/secrets.js';
import { minutesSource } from '../../src/market/fetched/fetched-files.js';
import { writeMinutes as storeMinutes } from '../../src/market/fetched/minutes-file.js';
import { parseDesk } from '../../src/venue/load-desk.js';
import { deskWithQuickAverages } from '../support/desk-files.js';
import { loaded, waves, writeMinutes } from '../validation/support/validations.js';
import { commandsInOneProcess, runCommand } from './run-command.js';

const DAY_MS = 86_400_000;
/** In the market for a minute of three, until it falls over: as long as it ran, a wonderful result may stand there. */
const FALLS_OVER = `
import { strategy } from 'fermata/strategy';
export default strategy({
  suits: 'trending',
  enters: ['market'],
  parameters: { minutes: { whole: true, min: 1, max: 5000, default: 5000, meaning: 'bars until it throws' } },
  create({ parameters }) {
    let seen = 0;
    return {
      warmupBars: 1,
      onBar(desk, bar) {
        seen += 1;
        if (seen > parameters.minutes) throw new Error('it fell over');
        const exits = { stop: { ticks: Math.floor(bar.closeTicks * 0.97) } };
        if (seen % 3 === 0 && desk.lots === 0 && !desk.entryResting)
          desk.enter({ side: 'buy', type: 'market', slippage: { ticks: 100 }, exits, because: 'a minute' });
        else if (desk.lots > 0) desk.exit('a minute later');
      },
      state: () => '',
    };
  },
});
`;
/** Keeps ever more from a bar on that the made-up ones never come to. */
const HOARDS = FALLS_OVER.replace(
  "throw new Error('it fell over');",
  'for (;;) all.push(new Array(1_000_000).fill(1));',
)
  .replace('let seen = 0;', 'let seen = 0;\n    const all = [];')
  .replace('bars until it throws', 'bars until it hoards');
const DAY = Date.parse('2026-03-02T00:00:00Z');

let folder: string;
let file: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-backtest-'));
  deskWithQuickAverages(folder);
  file = writeMinutes(folder, waves(600));
  const home = join(folder, 'home');
  const rows = waves(2 * 1440).map(
    ({ openMs, open, high, low, close }) => `${[openMs, open, high, low, close].join(',')},1`,
  );
  const store = async (symbol: string, fromMs: number, days: number, minutes: readonly string[]) => {
    const span = { fromMs, untilMs: fromMs + days * DAY_MS };
    const month = new Date(fromMs).toISOString().slice(0, 7);
    const about = { ...minutesSource(loaded.desk, undefined).from, symbol, month, ...span };
    const kept = {
      ...about,
      missing: minutes.length === 0 ? [span] : [],
      fetchedAtMs: DAY + 3 * DAY_MS,
    };
    mkdirSync(homePaths(home).data, { recursive: true });
    await storeMinutes(homePaths(home).data, kept, minutes, ensureDataKey(home));
  };
  await store('BTC/USDT', DAY, 2, rows);
  await store('ETH/USDT', DAY, 1, rows.slice(0, 1440));
  // Ether as if it was listed on May 1.
  const april = Date.parse('2026-04-30T00:00:00Z');
  const later = rows.map((row) => `${Number(row.slice(0, 13)) + april - DAY}${row.slice(13)}`);
  for (const symbol of ['BTC/USDT', 'ETH/USDT']) {
    await store(symbol, april, 1, symbol === 'BTC/USDT' ? later.slice(0, 1440) : []);
    await store(symbol, april + DAY_MS, 1, later.slice(1440));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DESK = ['backtest', '--desk', 'crypto-bot.yaml'];
const alone = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  runCommand(folder, [...DESK, ...args], env);
const answerOf = commandsInOneProcess();
const backtest = (args: readonly string[]) => answerOf(folder, [...DESK, ...args]);

const falling = (): string => ownStrategy('falls', FALLS_OVER);

function ownStrategy(name: string, code: string): string {
  mkdirSync(join(folder, 'strategies'), { recursive: true });
  writeFileSync(join(folder, `strategies/${name}.ts`), code);
  return `strategies/${name}.ts`;
}

async function reportOf(...args: string[]): Promise<BacktestReport> {
  const { code, out, err } = await backtest([...args, '--json']);
  expect(code, err).toBe(0);
  return JSON.parse(out) as BacktestReport;
}

describe('fermata backtest', () => {
  it('gives the same bytes twice: report, page, orders and fills, wherever and whenever it runs', async () => {
    const moved = join(folder, 'moved');
    mkdirSync(moved);
    copyFileSync(file, join(moved, 'minutes.csv'));
    const outputs = (name: string) =>
      ['report', 'fills', 'orders'].flatMap((what) => [`--${what}`, join(folder, `${name}.${what}`)]);
    const once = await alone(['--data', file, '--json', ...outputs('once')], { TZ: 'UTC', LANG: 'C' });
    const there = ['--data', join(moved, 'minutes.csv'), '--json', ...outputs('again')];
    const again = await alone(there, { TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8' });
    expect(once.code, once.err).toBe(0);
    expect(again.out).toBe(once.out);
    for (const what of ['report', 'fills', 'orders']) {
      const [first, second] = ['once', 'again'].map((name) => readFileSync(join(folder, `${name}.${what}`)));
      expect(first?.length).toBeGreaterThan(500);
      expect(second?.equals(first!), what).toBe(true);
    }
    expect(once.out).not.toContain(folder);
  });

  it('lists trades as JSON, and orders and fills too where that is asked for, as their CSV has them', async () => {
    const files = ['orders', 'fills'].map((name) => join(folder, `lists.${name}`));
    const [ordersFile = '', fillsFile = ''] = files;
    const written = ['--orders', ordersFile, '--fills', fillsFile];
    const { out } = await backtest(['--data', file, '--json', '--lists', ...written]);
    const { lists, ...report } = JSON.parse(out) as BacktestReport & {
      readonly lists: Record<'orders' | 'fills', readonly Record<string, string>[]>;
    };
    expect(report).toEqual(await reportOf('--data', file));
    expect(report).toMatchObject({
      orders: lists.orders.length,
      fills: lists.fills.length,
      tradesLeftOut: 0,
    });
    expect(report.trades).toHaveLength(report.figures?.trades ?? 0);
    for (const [name, path] of [
      ['orders', ordersFile],
      ['fills', fillsFile],
    ] as const) {
      const [head, ...rows] = readFileSync(path, 'utf8').trim().split('\n');
      const names = Object.keys(lists[name][0] ?? {});
      expect(
        names.map((key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)).join(','),
      ).toBe(head);
      expect(lists[name].map((row) => names.map((key) => row[key]).join(','))).toEqual(rows);
    }
  });

  it('leaves a file as it was where the run came to nothing', async () => {
    const fills = join(folder, 'kept.fills');
    writeFileSync(fills, 'of an earlier run\n');
    const broken = waves(600).map((minute, at) =>
      at === 500 ? { ...minute, low: minute.high + 5 } : minute,
    );
    const data = writeMinutes(folder, broken, 'broken-late.csv');
    const { code } = await backtest(['--data', data, '--fills', fills]);
    expect(code).toBe(2);
    expect(readFileSync(fills, 'utf8')).toBe('of an earlier run\n');
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('leaves nothing where there was no file, and the mode of one that was there', async () => {
    const [fresh, closed] = [join(folder, 'fresh.csv'), join(folder, 'closed.csv')];
    const twice = writeMinutes(folder, [...waves(1), ...waves(1)], 'twice.csv');
    expect((await backtest(['--data', twice, '--fills', fresh])).code).toBe(2);
    expect(existsSync(fresh)).toBe(false);
    writeFileSync(closed, '', { mode: 0o600 });
    expect((await backtest(['--data', file, '--fills', closed])).code).toBe(0);
    expect(statSync(closed).mode & 0o777).toBe(0o600);
    expect(readFileSync(closed, 'utf8')).toMatch(/^time,trade_id/);
  });

  it('has nothing under the name of a new file before the run is over: one that is killed leaves no empty page', () => {
    const fresh = join(folder, 'killed.html');
    const output = new OutputFile('--report', fresh);
    expect(existsSync(fresh)).toBe(false);
    output.write('the page');
    output.keep();
    expect(readFileSync(fresh, 'utf8')).toBe('the page');
    expect(() => new OutputFile('--report', join(folder, 'none', 'page.html'))).toThrow(
      /can't be written \(ENOENT\)/,
    );
  });

  it('refuses a link to a file that is not there, and leaves it', () => {
    const link = join(folder, 'dangling.html');
    symlinkSync(join(folder, 'gone', 'page.html'), link);
    expect(() => new OutputFile('--report', link)).toThrow(/is a link to a file that is not there/);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });

  it('refuses one file for two lists, and leaves it as it was', async () => {
    const one = join(folder, 'one.csv');
    writeFileSync(one, 'of an earlier run\n');
    symlinkSync(one, join(folder, 'other.csv'));
    const { code, err } = await backtest([
      ...['--data', file, '--fills', one],
      ...['--orders', join(folder, 'other.csv')],
    ]);
    expect({ code, err }).toMatchObject({
      code: 2,
      err: expect.stringContaining('--fills and --orders are one file'),
    });
    expect(readFileSync(one, 'utf8')).toBe('of an earlier run\n');
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('refuses to write over what it reads, by whatever name, and leaves it', async () => {
    const own = ownStrategy('kept', FALLS_OVER);
    const signals = join(folder, 'signals.jsonl');
    writeFileSync(signals, '');
    symlinkSync(file, join(folder, 'linked.csv'));
    linkSync(file, join(folder, 'second-name.csv'));
    copyFileSync(file, join(folder, 'prices.csv.part'));
    const data = ['--data', file];
    const months = homePaths(join(folder, 'home')).data;
    const march = readdirSync(months, { recursive: true, encoding: 'utf8' }).find((name) =>
      /BTC.*2026-03.*\.csv/.test(name),
    );
    const stored = join(months, march!);
    const [days, files] = [
      ['--from', '2026-03-02', '--to', '2026-03-02'],
      [stored, signals, file],
    ];
    const before = files.map((one) => readFileSync(one));
    const refused: readonly (readonly [string, string, readonly string[]])[] = [
      ['--fills', 'the file that --data reads', ['--fills', file, ...data]],
      ['--orders', 'the file that --data reads', ['--orders', basename(file), ...data]],
      ['--report', 'the file that --data reads', ['--report', 'linked.csv', ...data]],
      ['--fills', 'the file that --data reads', ['--fills', 'second-name.csv', ...data]],
      ['--fills', 'the file that --data reads', ['--fills', 'prices.csv', '--data', 'prices.csv.part']],
      ['--fills', 'a file that --from and --to read', ['--fills', stored, ...days]],
      ['--fills', 'the file that --signals reads', ['--fills', signals, '--signals', signals, ...data]],
      ['--report', 'the desk file', ['--report', 'crypto-bot.yaml', ...data]],
      ['--report', 'a file of strategy kept', ['--report', own, '--strategy', own, ...data]],
    ];
    const said = await Promise.all(refused.map(([, , args]) => backtest(args)));
    for (const [at, [option, what]] of refused.entries())
      expect(said[at]).toMatchObject({
        code: 2,
        err: expect.stringMatching(
          new RegExp(`${option} is ${what}, .*name another file after ${option}`, 's'),
        ),
      });
    expect(files.map((one) => readFileSync(one))).toEqual(before);
    expect(readFileSync(join(folder, own), 'utf8')).toBe(FALLS_OVER);
  });

  it('says in a few lines what it came to, and against buying and holding', async () => {
    const { code, out, err } = await backtest(['--data', file]);
    expect(code, err).toBe(0);
    expect(out).toMatch(/^✓ backtest of crypto-bot on BTC\/USDT: [+\u2212][\d\u202f.]+ USDT\n/);
    expect(out).toMatch(/buy and hold +\u2212?[\d.]+ %, drawdown/);
    expect(out).toMatch(/win rate +[\d.]+ %/);
    expect(out).toContain('! ETH/USDT is traded or looked at by the desk and had no prices here');
    expect(err).toMatch(/^backtest, [^\n]* 0 %\n([^\n]*\n)*backtest, [^\n]* trades 100 %\n$/);
  });

  it('says how many entries were refused, by which limits, and in words what that is', async () => {
    const page = join(folder, 'refused.html');
    const { out } = await backtest(['--data', file, '--set', 'paper.balance=100', '--report', page]);
    expect(out).toMatch(/trades +0\n/);
    const [, count, why = ''] =
      /refused +(\d+) entries, by limit:\n {2}! position-size: \1, the first: (.+)\n/.exec(out) ?? [];
    expect(Number(count)).toBeGreaterThan(1);
    expect(why.split(' ').length).toBeGreaterThan(4);
    const shown = readFileSync(page, 'utf8');
    expect(shown).toMatch(new RegExp(`<li>position-size: ${count}, the first: .+</li>`));
    expect(shown).toMatch(/UTC to [-0-9]+ \d\d:\d\d UTC \(\d+ h \d+ min\):/);
  });

  it('says for how long rules had halted the desk, which is in no line of its own', async () => {
    const days = writeMinutes(folder, waves(2 * 1440), 'two-days.csv');
    const { out } = await backtest(['--data', days, '--fees', '2,2', '--set', 'risk.dailyLossLimitPct=0.02']);
    expect(out).toMatch(/^ {2}! halted for \d+ h \d+ min in 1 halt that the rules lifted: daily-loss$/m);
  });

  it('says once from when to when a strategy was off, however often it was looked at meanwhile', async () => {
    const off = ['breakers.strategyMaxConsecutiveLosses=1', 'breakers.strategyReEnableCheckHours=0.1'];
    const own = ['--strategy', falling(), ...off.flatMap((one) => ['--set', one])];
    const { switchedOff } = await reportOf('--data', file, ...own);
    expect(switchedOff.length).toBeGreaterThan(0);
    for (const { reason } of switchedOff) expect(reason).toMatch(/^1 losses in a row/);
    const ends = switchedOff.map(({ onAgain }) => onAgain ?? 'end');
    for (const { at } of switchedOff.slice(1)) expect(ends.some((end) => end <= at)).toBe(true);
  });

  it('shows each time that a strategy was off, and of one that often was their sum and the last', async () => {
    const off = async (hours: string) => {
      const losing = ['--fees', '3', '--set', 'breakers.strategyMaxConsecutiveLosses=1'];
      const again = ['--set', `breakers.strategyReEnableCheckHours=${hours}`];
      const { code, out, err } = await backtest(['--data', file, ...losing, ...again]);
      expect(code, err).toBe(0);
      return out.match(/^.*switched off.*$/gm) ?? [];
    };
    const [often, ...more] = await off('0.1');
    expect(often).toMatch(
      /! ema-cross was switched off 4 times, together \d+ min, the last time from \S+ 09:\d\d UTC to /,
    );
    expect(more).toEqual([]);
    const seldom = await off('3');
    expect(seldom.length).toBeGreaterThan(1);
    for (const line of seldom) expect(line).toMatch(/! ema-cross was switched off from /);
  });

  it('fails where a strategy fails, with its line: what it would have done since is unknown', async () => {
    const [fills, page] = ['falls.csv', 'falls.html'].map((name) => join(folder, name)) as [string, string];
    writeFileSync(fills, 'of a run before\n');
    const { code, out, err } = await backtest([
      ...['--data', file, '--strategy', falling(), '--set', 'minutes=15', '--fills', fills, '--report', page],
    ]);
    // Half of a run is no result: what was there stays.
    expect(readFileSync(fills, 'utf8')).toBe('of a run before\n');
    expect(existsSync(`${fills}.part`)).toBe(false);
    expect(out).toContain(`${fills} stays as it was`);
    expect(readFileSync(page, 'utf8')).toContain('it fell over');
    expect(err).not.toContain('✗');
    expect(out).toMatch(/^✗ backtest of/);
    expect(out).toMatch(
      /! falls failed at 2026-03-02 00:1\d UTC .* it fell over \(strategies\/falls.ts:13\)/,
    );
    expect(out).not.toContain('switched off');
    expect(code).toBe(1);
  });

  it('says that a strategy took ever more memory, and what to do, alone and among several values', async () => {
    const fills = join(folder, 'hoard.fills');
    const hoard = ['--data', file, '--strategy', ownStrategy('hoards', HOARDS), '--set'];
    const little = { NODE_OPTIONS: '--max-old-space-size=150' };
    const [single, swept] = await Promise.all([
      alone([...hoard, 'minutes=300', '--fills', fills], little),
      alone([...hoard, 'minutes=300,5000', '--jobs', '1', '--json'], little),
    ]);
    const words = /took more and more memory.*: \d+ MB were not enough for it/;
    expect(single.err).toMatch(new RegExp(`^✗ the backtest ${words.source}$`, 'm'));
    expect(single.err).toMatch(/do this: {3}look for what the strategy keeps .*--max-old-space-size=\d+$/m);
    expect(single.err).not.toContain('FATAL');
    expect({
      code: single.code,
      left: readdirSync(folder).filter((name) => name.startsWith('hoard.')),
    }).toEqual({ code: 1, left: [] });
    expect(JSON.parse(swept.out).error.message).toMatch(
      new RegExp(`^the trial minutes=300 ${words.source}$`),
    );
    expect(swept.code).toBe(1);
  });

  it('trades by the desk file, and by what is set instead for this run alone', async () => {
    const [plain, other] = await Promise.all([
      reportOf('--data', file),
      reportOf(
        ...['--data', file, '--set', 'ema-cross.fastBars=8', '--set', 'risk.maxPositionSizePct=50'],
        ...['--path', 'low-first', '--limit-fill', 'through', '--volume-part', '12.5'],
        ...['--set', 'paper.balance=5000', '--fees', '0', '--slippage', '3', '--latency-ms', '500'],
      ),
    ]);
    expect(plain).toMatchObject({ set: [], configHash: loaded.configHash, startingEquity: '10000.00000000' });
    expect(other.set).toEqual([
      ...['ema-cross.fastBars=8', 'risk.maxPositionSizePct=50', 'paper.balance=5000'],
      ...['paper.makerFeePpm=0', 'paper.takerFeePpm=0', 'paper.slippageTicks=3', 'paper.latencyMs=500'],
    ]);
    expect(other).toMatchObject({ startingEquity: '5000.00000000', figures: { fees: 0 } });
    expect(other.configHash).not.toBe(plain.configHash);
    expect(plain.figures?.fees).toBeGreaterThan(0);
    expect(other.trades[0]?.opened).not.toBe(plain.trades[0]?.opened);
    expect(other.execution.join()).toMatch(
      /500 ms.*3 ticks worse.*beyond it.*to the low, to the high.*12.5 %.*Fees: 0 %/,
    );
    expect(other.figures?.turnover).toBeGreaterThan(5 * (plain.figures?.turnover ?? 0));
  });

  it('takes the fees and the margin of an instrument, as its file has them, as they are set, or a percentage instead', async () => {
    const name = 'by-contract.yaml';
    const kept = parseDocument(readFileSync(join(folder, 'crypto-bot.yaml'), 'utf8'));
    const future = {
      ...{ kind: 'future', multiplier: '1', exchange: 'CME', fees: { each: '1000' } },
      margin: { initial: '2500000', maintenance: '10' },
    };
    for (const [key, value] of Object.entries(future))
      kept.setIn(['instruments', 0, key], kept.createNode(value));
    // In force from the start, for whatever has no fees of its own.
    const tiers = [{ from: '1', makerFeePpm: 500, takerFeePpm: 500 }];
    kept.setIn(['paper', 'feeTiers'], kept.createNode(tiers));
    kept.setIn(['paper', 'volumeSoFar'], '5');
    writeFileSync(join(folder, name), String(kept));
    const run = async (...more: string[]) => {
      const args = ['backtest', '--desk', name, '--data', file, ...more, '--json'];
      const { code, out, err } = await answerOf(folder, args);
      expect(code, err).toBe(0);
      return JSON.parse(out) as BacktestReport;
    };
    const small = ['--set', 'BTC/USDT.margin.initial=10'];
    const minimum = ['--set', 'BTC/USDT.fees.each=0', '--set', 'BTC/USDT.fees.minimum=3'];
    // The amounts of the file give way.
    const lent = ['--set', 'BTC/USDT.margin.initialPct=10', '--set', 'BTC/USDT.margin.maintenancePct=5'];
    const [whole, byOrder, percent] = await Promise.all([
      run(),
      run(...small, ...minimum),
      run(...lent, '--fees', '0'),
    ]);
    // 3 % of 10,000 are 500 lots at 60,000, which need 25 each.
    expect(whole.trades).toEqual([]);
    // In and out.
    expect(new Set(byOrder.trades.map(({ fees }) => Number(fees)))).toEqual(new Set([6]));
    expect(byOrder.execution).toEqual(
      expect.arrayContaining([
        'Fees of BTC/USDT: 0 USDT a contract, at least 3 for an order.',
        'Margin of a contract of BTC/USDT: 10 USDT to open it, 10 to hold it.',
      ]),
    );
    expect(percent.trades.length).toBeGreaterThan(0);
    expect(percent.figures?.fees).toBe(0);
    expect(percent.execution).toContain(
      'Margin of a contract of BTC/USDT: 10 % of its worth to open it, 5 % to hold it.',
    );
  });

  it('takes a stock of coins for fees, and a file without its symbol for the first instrument of the desk', async () => {
    const desk = parseDocument(readFileSync(join(folder, 'crypto-bot.yaml'), 'utf8'));
    const { instruments, strategies } = desk.toJSON() as { instruments: object[]; strategies: object[] };
    const bnb = { ...instruments[0], symbol: 'BNB/USDT' };
    desk.setIn(['instruments'], desk.createNode([...instruments, bnb]));
    desk.setIn(['venue', 'feeAssets'], desk.createNode({ BNB: 'BNB/USDT' }));
    desk.setIn(['paper', 'feeStock'], desk.createNode({ BNB: '1' }));
    const ether = { ...strategies[0], name: 'ether', symbols: ['ETH/USDT'] };
    desk.setIn(['strategies'], desk.createNode([...strategies, ether]));
    writeFileSync(join(folder, 'with-stock.yaml'), String(desk));
    const args = ['backtest', '--desk', 'with-stock.yaml', '--data', file];
    const all = await answerOf(folder, [...args, '--set', 'paper.feeStock.BNB=2', '--json']);
    expect(all.code, all.err).toBe(0);
    expect((JSON.parse(all.out) as BacktestReport).set).toEqual(['paper.feeStock.BNB=2']);
    const only = await answerOf(folder, [...args, '--strategy', 'ether']);
    // Parts of the file are shared by aliases, and the strategy that had the anchor is left out.
    expect(String(desk)).toContain('*a1');
    expect(only).toMatchObject({ code: 2, out: '' });
    expect(only.err).toContain('BTC/USDT');
  });

  it('tries a limit that the desk file leaves out', async () => {
    const { denied, trades } = await reportOf('--data', file, '--set', 'risk.maxGrossExposurePct=0.01');
    expect(trades).toEqual([]);
    expect(denied['gross-exposure']).toBeGreaterThan(0);
  });

  it('trades on exactly the stored minutes of the days that are named', async () => {
    const { period, market } = await reportOf('--from', '2026-03-02', '--to', '2026-03-02');
    expect(period).toEqual({ from: '2026-03-02T00:00:00.000Z', to: '2026-03-03T00:00:00.000Z', days: 1 });
    expect(market.symbols).toEqual(['BTC/USDT', 'ETH/USDT']);
    for (const { fetchedFrom } of market.files) expect(fetchedFrom).toMatch(/^https:/);
  });

  it('trades on stored months of which the venue had no minute of an instrument, unless they are all', async () => {
    const { period, market } = await reportOf('--from', '2026-04-30', '--to', '2026-05-01');
    expect(period).toMatchObject({ from: '2026-04-30T00:00:00.000Z', days: 2 });
    expect(market.symbols).toEqual(['BTC/USDT', 'ETH/USDT']);
    expect(market.files).toHaveLength(3);
    // The month before warms the averages up, of an instrument that has minutes in it.
    const { period: may, market: files } = await reportOf('--from', '2026-05-01', '--to', '2026-05-01');
    expect(may).toMatchObject({ from: '2026-05-01T00:00:00.000Z', days: 1 });
    expect(files.files).toHaveLength(3);
    const before = await backtest(['--from', '2026-04-30', '--to', '2026-04-30']);
    expect(before).toMatchObject({ code: 2, out: '' });
    expect(before.err).toContain('the venue had no minute of ETH/USDT in this time');
    expect(before.err).not.toContain('data fetch');
  });

  it('trades on nothing of a file that is damaged, and names the row', async () => {
    const broken = join(folder, 'broken.csv');
    writeFileSync(broken, readFileSync(file, 'utf8').replace(/(\n.*){3}$/, '\nnever,1,2,3,4,5\n'));
    const { code, out, err } = await backtest(['--data', broken]);
    expect(err).toMatch(/broken.csv, row \d+/);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  it('names what is not stored with the command that fetches it', async () => {
    const { code, err } = await backtest(['--from', '2026-03-02', '--to', '2026-03-03']);
    expect(code).toBe(2);
    expect(err).toContain('1\u202f440 minutes of ETH/USDT are not stored, 2026-03-03 00:00 UTC');
    expect(err).toContain(
      'fermata data fetch ETH/USDT --from 2026-03-03 --to 2026-03-03 --desk crypto-bot.yaml',
    );
    expect(err).not.toContain('also missing');
  });

  it('names every instrument that lacks minutes, in one command that fetches all of them', async () => {
    const { code, err } = await backtest(['--from', '2026-03-01', '--to', '2026-03-03']);
    expect(code).toBe(2);
    // Of Bitcoin the day before what is stored, of Ether the day after it, too.
    expect(err).toMatch(
      /--from: 1\u202f440 minutes of BTC\/USDT are not stored, 2026-03-01 .*; also missing: minutes of ETH\/USDT\n/,
    );
    expect(err).toContain(
      'fetch them: fermata data fetch BTC/USDT ETH/USDT --from 2026-03-01 --to 2026-03-03 --desk crypto-bot.yaml\n',
    );
  });
});

describe.concurrent('fermata backtest refuses by name', () => {
  it.each([
    ['no prices', [], 'there are no prices to trade on', '--data FILE'],
    ['what is no setting', ['--set', 'fastBars'], '--set: expected KEY=VALUE', 'help backtest'],
    ['a parameter that is none', ['--set', 'fstBars=3'], 'nothing called fstBars', 'write --set fastBars=3'],
    [
      'a parameter that its strategy does not have',
      ['--set', 'ema-cross.fastBar=3'],
      'nothing called ema-cross.fastBar ',
      'write --set ema-cross.fastBars=3',
    ],
    [
      'a key that its instrument does not have',
      ['--set', 'BTC/USDT.spred=0.05'],
      'nothing called BTC/USDT.spred ',
      'write --set BTC/USDT.spread=0.05',
    ],
    ['a key of nothing', ['--set', 'risk.maxDrawdown=3'], 'nothing called risk.maxDrawdown', '=3'],
    [
      'a group that no run has',
      ['--set', 'routines.0.name=x'],
      'nothing called routines.0.name',
      'parameter',
    ],
    ['a value out of bounds', ['--set', 'fastBars=0'], 'parameters.fastBars: expected', 'the default is'],
    ['a text for a number', ['--set', 'risk.stopLossPct=much'], 'risk.stopLossPct is a number', 'NUMBER'],
    [
      'a range without its step',
      ['--set', 'fastBars=10:20'],
      'fastBars is a number; found 10:20',
      '=10:20:STEP',
    ],
    [
      'a rule of the desk file, without its quotes',
      ['--set', 'paper.balance=-1'],
      'paper.balance: expected an amount above 0, with at most 8 decimals, for example "10000"; found "-1"',
      'write an amount above 0, with at most 8 decimals, for example "10000"',
    ],
    [
      'a strategy that is none',
      ['--strategy', 'ema-cros'],
      'has no strategy ema-cros',
      '--strategy ema-cross',
    ],
    [
      'a file in no folder of strategies',
      ['--strategy', './mine.ts'],
      'in a folder strategies; found ./mine.ts',
      '--strategy desks/NAME/strategies/NAME.ts',
    ],
    [
      'a key that is set twice',
      ['--set', 'fastBars=3', '--set', 'fastBars=4'],
      'fastBars is set twice',
      'A,B,C',
    ],
    ['fees that are none', ['--fees', '0.1,0.2,0.3'], '--fees: expected percent', 'help backtest'],
    ['slippage that is none', ['--slippage', '1.5'], '--slippage: expected a whole number', 'help backtest'],
    [
      'a path that is none',
      ['--path', 'worst'],
      '--path: expected one of nearer, high-first',
      'help backtest',
    ],
    [
      'a part that is none',
      ['--volume-part', '0'],
      '--volume-part: expected a number above 0',
      'help backtest',
    ],
    ['a latency that is none', ['--latency-ms', '-1'], '--latency-ms', 'help backtest'],
    ['lists without JSON', ['--lists'], '--lists adds every order and fill to the JSON', 'add --json'],
    [
      'a file of no folder',
      ['--fills', 'no/such/f.csv'],
      "--fills: no/such/f.csv can't be written",
      'folder',
    ],
    [
      'what an option and --set both set',
      ['--set', 'paper.latencyMs=500', '--latency-ms', '100'],
      '--set paper.latencyMs and --latency-ms set the same',
      'leave one of them out',
    ],
    [
      'fees by an option and by --set',
      ['--fees', '0.1', '--set', 'paper.takerFeePpm=300,400'],
      '--set paper.takerFeePpm and --fees set the same',
      'leave one of them out',
    ],
    ['windows that are none', ['--walk-forward', '30d:7d'], '--walk-forward', 'help backtest'],
    ['both kinds of data', ['--from', '2026-03-02', '--to', '2026-03-02'], 'contradict each other', '--data'],
  ])('%s', async (what, args, message, doThis) => {
    const data = what === 'no prices' ? [] : ['--data', file];
    const { code, out, err } = await backtest([...args, ...data]);
    expect(err).toContain(message);
    expect(err).toContain(doThis);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });
});

describe('several values', () => {
  // A file of the system that takes nothing, as a full disk.
  it.runIf(existsSync('/dev/full'))('are printed all the same where their page finds no room', async () => {
    const full = ['--data', file, '--report', '/dev/full'];
    const [sweep, single] = await Promise.all([
      backtest([...full, '--set', 'fastBars=3,5', '--jobs', '1', '--json']),
      backtest(full),
    ]);
    expect((JSON.parse(sweep.out) as SweepReport).trials).toHaveLength(2);
    expect(single.out).toMatch(/^✓ backtest of crypto-bot/);
    expect(single.out).not.toContain('/dev/full');
    for (const { code, err } of [sweep, single]) {
      expect(err).toContain('✗ the disk is full at /dev/full');
      expect(code).toBe(1);
    }
  });

  it('are tried on all cores, each as it comes out alone, and give the same bytes on one core', async () => {
    const sweep = ['--data', file, '--set', 'fastBars=3:7:2', '--set', 'paper.balance=5000', '--json'];
    const page = join(folder, 'sweep.html');
    const [all, alone, single] = await Promise.all([
      backtest([...sweep, '--walk-forward', '2', '--report', page]),
      backtest([...sweep, '--walk-forward', '2', '--jobs', '1']),
      reportOf('--data', file, '--set', 'fastBars=5', '--set', 'paper.balance=5000'),
    ]);
    expect(all.code, all.err).toBe(0);
    expect(alone.out).toBe(all.out);
    const report = JSON.parse(all.out) as SweepReport;
    expect(report.set).toEqual(['paper.balance=5000']);
    expect(report).toMatchObject({ market: single.market, execution: single.execution });
    expect(report.trials.map(({ values: [value] }) => value?.value).toSorted()).toEqual(['3', '5', '7']);
    const same = report.trials.find(({ values: [value] }) => value?.value === '5');
    const { configHash, figures, stateHash, netProfit } = single;
    expect(same).toMatchObject({ configHash, figures, stateHash, netProfit });
    // What was traded lies behind what it was chosen on, and was run as a part of the time alone.
    const steps = report.walkForward?.steps ?? [];
    expect(steps).toHaveLength(2);
    for (const { chosen, traded, chosenOn, tradedOn } of steps) {
      expect(tradedOn.fromMs).toBe(chosenOn.untilMs);
      expect(traded?.values).toEqual(chosen?.values);
      expect(Date.parse(traded?.period.from ?? '')).toBeGreaterThanOrEqual(tradedOn.fromMs);
      expect(Date.parse(traded?.period.to ?? '')).toBeLessThanOrEqual(tradedOn.untilMs);
    }
    expect(readFileSync(page, 'utf8')).toMatch(
      /Sharpe ratio: fastBars[\s\S]*Walking forward[\s\S]*Trials, best first/,
    );
  });

  it('are not judged by a run in which a strategy failed', async () => {
    // Trials on several cores stand above.
    const own = ['--data', file, '--strategy', falling(), '--rank', 'returnPct', '--jobs', '1'];
    const some = await backtest([...own, '--set', 'minutes=9,5000']);
    expect(some.code, some.err).toBe(1);
    const [head, first, second] = some.out.split('\n');
    expect(head).toMatch(/^✗ 2 trials of crypto-bot/);
    expect(first).toMatch(/minutes=5000 +Return \u2212/);
    expect(second).toMatch(/minutes=9 +Return can’t be said, return can’t be said, drawdown can’t be said/);
    expect(some.out).toMatch(
      /! in 1 runs? a strategy failed.*; at minutes=9: falls failed at .*it fell over/,
    );
    expect((await backtest([...own, '--set', 'minutes=9,10'])).code).toBe(1);
    const nowhere = await backtest([...own, '--set', 'minutes=9,10', '--walk-forward', '2']);
    expect(nowhere.out).toContain('all of it: can’t be said; return a day, traded ÷ chosen: can’t be said');
    const lost = await backtest([...own, '--set', 'minutes=4000,5000', '--walk-forward', '2']);
    expect(lost.out).toMatch(/^ {2}all of it: \u2212\d/m);
  });

  it('leave out what is no desk, and say which and why', async () => {
    const { code, out, err } = await backtest([
      '--data',
      file,
      '--set',
      'fastBars=5,1000000',
      '--rank',
      'returnPct',
    ]);
    expect(code, err).toBe(0);
    expect(out).toMatch(/^✓ 1 trial of crypto-bot/);
    expect(out).toMatch(
      /! left out, because the rules of a desk file refuse them: 1, the first for .*fastBars: expected/,
    );
  });

  it('tell how far their check is, where there are many', async () => {
    const many = ['--set', 'fastBars=5:590005:10000', '--rank', 'returnPct'];
    const { code, err } = await backtest(['--data', file, ...many]);
    expect(code, err).toBe(0);
    expect(err).toMatch(
      /^sweep, 1 of 60 checked 0 %\nsweep, 6 of 60 checked 10 %\n[\s\S]*sweep, 60 of 60 checked 100 %\n$/,
    );
  });

  it.each([
    [['--rank', 'sharpe'], /--rank is about several values/],
    [['--walk-forward', '2'], /--walk-forward is about several values/],
    [['--set', 'fastBars=5,6', '--fills', 'x.csv'], /--fills is of one set of values/],
    [['--set', 'fastBars=5,6', '--walk-forward', '50'], /50 windows need 53 hours of prices/],
    [
      ['--set', 'fastBars=1:100:1', '--set', 'slowBars=1:100:1'],
      /these are 10000 combinations; at most 2000/,
    ],
    [['--set', 'fastBars=a,b'], /fastBars is a number; found a/],
    [['--set', 'fastBars=10,abc'], /fastBars is a number; found abc/],
    [['--set', 'fastBars=5,6', '--set', 'fastBars=7'], /--set: fastBars is set twice/],
    [['--set', 'fastBars=5,05'], /fastBars=5 and fastBars=05 are the same desk/],
    [['--set', 'fastBars=1:500:1', '--walk-forward', '90'], /these are 45590 runs; at most 20000/],
    [
      ['--set', 'fastBars=5,6', '--walk-forward', '2', '--rank', 'calmar'],
      /a Calmar ratio is said from 30 days on, and values are chosen on 0\.\d/,
    ],
  ])('%j is refused before anything is run', async (args, words) => {
    const { code, err } = await backtest(['--data', file, ...args]);
    expect(err).toMatch(words);
    expect(code).toBe(2);
  });
});

it('lists a setting of two strategies once for each, by its name', () => {
  const [first] = loaded.desk.strategies;
  const text = parseDocument(loaded.text);
  for (const [at, name] of ['one', 'other'].entries()) text.setIn(['strategies', at], { ...first, name });
  const two = parseDesk(loaded.file, String(text), { folder: loaded.folder });
  expect(backtestDesk(two, { set: [{ key: 'fastBars', value: '8' }] }).set).toEqual([
    'one.fastBars=8',
    'other.fastBars=8',
  ]);
  expect(backtestDesk(two, { set: [{ key: 'one.fastBars', value: '8' }] }).set).toEqual(['one.fastBars=8']);
});

describe('the size of entries, set for a run,', () => {
  const sizes = (set: Record<string, string>, strategy?: string) => {
    const settings = Object.entries(set).map(([key, value]) => ({ key, value }));
    const { desk, set: said } = backtestDesk(twoSized(), {
      set: settings,
      ...(strategy ? { strategy } : {}),
    });
    return [...desk.strategies.map(({ size }) => size ?? null), said];
  };
  function twoSized() {
    const [first] = loaded.desk.strategies;
    const text = parseDocument(loaded.text);
    const size = { lots: 3, maxLots: 9 };
    for (const [at, more] of [{ name: 'one', size }, { name: 'other' }].entries())
      text.setIn(['strategies', at], { ...first, ...more });
    return parseDesk(loaded.file, String(text), { folder: loaded.folder });
  }

  it('is that of every strategy, or of the one named, by a rule that replaces the file’s', () => {
    expect(sizes({ 'size.riskPct': '0.5' })).toEqual([
      { riskPct: 0.5, maxLots: 9 },
      { riskPct: 0.5 },
      ['one.size.riskPct=0.5', 'other.size.riskPct=0.5'],
    ]);
    expect(sizes({ 'other.size.lots': '4' })).toEqual([
      { lots: 3, maxLots: 9 },
      { lots: 4 },
      ['other.size.lots=4'],
    ]);
    expect(sizes({ 'one.size.volatilityPct': '1', 'one.size.maxLots': '7' })[0]).toEqual({
      volatilityPct: 1,
      maxLots: 7,
    });
    const alone = ['only the strategy one', 'size.equityPct=20'];
    expect(sizes({ 'size.equityPct': '20' }, 'one')).toEqual([{ equityPct: 20, maxLots: 9 }, alone]);
  });

  it.each([
    [
      { 'size.riskPct': '1', 'one.size.lots': '2' },
      /size\.riskPct=1 and --set one\.size\.lots=2 exclude each other/,
    ],
    [{ 'BTC/USDT.margin.initial': '1', 'BTC/USDT.margin.initialPct': '2' }, /exclude each other/],
    [
      { 'other.size.maxLots': '2' },
      /size: expected one of riskPct, lots, equityPct and volatilityPct; found none/,
    ],
    [{ 'size.equityPct': '101' }, /100 or less: BTC\/USDT is bought for cash; found 101/],
    [{ 'size.lots': '1.5' }, /size\.lots: expected/],
    [{ 'size.riskPct': 'much' }, /size\.riskPct is a number; found much/],
    [{ 'one.size.risk': '1' }, /there is nothing called one\.size\.risk/],
    // Of an instrument without a margin in the file.
    [{ 'BTC/USDT.margin.initialPct': '20' }, /margin: expected no margin/],
  ])('is refused as %j', (set, words) => {
    expect(() => sizes(set as Record<string, string>)).toThrow(words);
  });

  it('is tried in several values, each a run of its own size', async () => {
    const { code, out, err } = await backtest([
      ...['--data', file, '--set', 'size.equityPct=1,2', '--rank', 'returnPct', '--json'],
    ]);
    expect(code, err).toBe(0);
    const { trials } = JSON.parse(out) as SweepReport;
    const turnover = ['1', '2'].map(
      (value) => trials.find(({ values: [one] }) => one?.value === value)?.figures?.turnover ?? 0,
    );
    expect(turnover[1]! / turnover[0]!).toBeCloseTo(2, 1);
  });

  it('of a file is the one with which the desk lists it', async () => {
    const kind = `./${ownStrategy('minutely', FALLS_OVER)}`;
    const [first] = loaded.desk.strategies;
    const text = parseDocument(readFileSync(join(folder, 'crypto-bot.yaml'), 'utf8'));
    const own = { name: 'mine', kind, symbols: first!.symbols, size: { equityPct: 2 } };
    text.setIn(['strategies'], text.createNode([own]));
    const desk = join(folder, 'sized.yaml');
    writeFileSync(desk, String(text));
    const run = async (strategy: string) => {
      const { code, out, err } = await answerOf(folder, [
        ...['backtest', '--desk', desk, '--data', file, '--strategy', strategy, '--json'],
      ]);
      expect(code, err).toBe(0);
      return JSON.parse(out) as BacktestReport;
    };
    const byFile = await run(kind);
    expect(byFile.figures?.trades).toBeGreaterThan(5);
    expect(byFile.figures?.turnover).toBe((await run('mine')).figures?.turnover);
  });
});
