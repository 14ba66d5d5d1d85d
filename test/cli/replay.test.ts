import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import type { ReplayReport } from '../../src/cli/commands/replay.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { DATE, type TradedDay, tradedDay } from '../backtest/support/past-days.js';
import { deskWithQuickAverages } from '../support/desk-files.js';
import { loaded } from '../validation/support/validations.js';
import { commandsInOneProcess } from './run-command.js';

const runCommand = commandsInOneProcess();

let folder: string;
let journal: string;
let traded: TradedDay;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-cli-replay-'));
  traded = await tradedDay(folder);
  const paths = homePaths(join(folder, 'home'));
  const { desk } = loaded.desk;
  journal = deskPaths(paths, desk).journal;
  mkdirSync(journal, { recursive: true });
  for (const name of readdirSync(traded.journal).filter((one) => one.endsWith('.journal')))
    cpSync(join(traded.journal, name), join(journal, name));
  mkdirSync(paths.run, { recursive: true });
  const postgres = { host: '127.0.0.1', port: 1, database: 'fermata', user: 'fermata_app' };
  const calendar = { timezone: 'UTC', dayBoundary: '00:00' };
  const runtime = {
    version: 1,
    home: paths.home,
    desk,
    deskFile: deskWithQuickAverages(folder),
    calendar,
    postgres,
  };
  writeFileSync(join(paths.run, 'runtime.json'), JSON.stringify(runtime));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const replay = (...args: readonly string[]) => runCommand(folder, ['replay', ...args]);
const bytes = () => readdirSync(journal).map((name) => [name, readFileSync(join(journal, name), 'hex')]);

describe('fermata replay', () => {
  it('says that a day is decided as it was then, to the same hash, and touches nothing of the journal', async () => {
    const before = bytes();
    const json = await replay('--date', DATE, '--data', traded.file, '--json');
    expect(json.code, json.err).toBe(0);
    const report = JSON.parse(json.out) as ReplayReport;
    expect(report).toMatchObject({ date: DATE, first: 1, last: traded.entries.length, hypothesis: null });
    expect(report.decisions).toMatchObject({ differ: 0, notJudged: [] });
    const words = await replay('--date', DATE, '--data', traded.file, '--expect', report.state.after);
    expect(words.code).toBe(0);
    expect(words.out).toMatch(/^✓ 2026-03-02 of crypto-bot again: \d+ records/);
    expect(words.out).toContain(report.state.after);
    expect(words.out).toMatch(/figures equal +\d+ closed trades?; cash compared \S+ times?\n/);
    // The recording goes on when the run had ended.
    expect(words.out).toContain(`! ${report.barsLeft} bars after the day’s last record not judged`);
    const other = await replay('--date', DATE, '--data', traded.file, '--expect', '0'.repeat(64));
    expect(other.code).toBe(1);
    expect(other.out).toContain('another state');
    expect(bytes()).toEqual(before);
  });

  it('with another value: the first decision that differs, and what the day came to beside two backtests', async () => {
    const { code, out, err } = await replay('--date', DATE, '--data', traded.file, '--set', 'slowBars=40');
    expect(code, err).toBe(0);
    expect(out).toMatch(/first that differs +2026-03-02 \d\d:\d\d UTC, BTC\/USDT/);
    expect(out).toMatch(/the day as it was +\d+ trades closed/);
    expect(out).toMatch(
      /hypothetical[^\n]*\n +the desk as it is +\d+ trades closed[^\n]*\n +the desk with that/,
    );
  });

  it('with a strategy from a file: what it would have decided', async () => {
    mkdirSync(join(folder, 'strategies'), { recursive: true });
    const source = `import { strategy } from 'fermata/strategy';

export default strategy({
  suits: 'trending',
  parameters: {},
  create: () => ({ warmupBars: 1, onBar() {}, state: () => 'never enters' }),
});
`;
    writeFileSync(join(folder, 'strategies', 'never.ts'), source);
    const args = ['--date', DATE, '--data', traded.file, '--strategy', 'strategies/never.ts', '--json'];
    const { code, out, err } = await replay(...args);
    expect(code, err + out).toBe(0);
    const { hypothesis } = JSON.parse(out) as ReplayReport;
    expect(hypothesis?.decisions.first).toMatchObject({ now: 'nothing' });
    expect(hypothesis?.changed).toMatchObject({ trades: 0, open: 0 });
  });

  it('with one of its strategies: what this one decided, and nothing of what the others did', async () => {
    const file = join(folder, 'crypto-bot.yaml');
    const written = readFileSync(file, 'utf8');
    const document = parseDocument(written);
    const [cross] = document.toJS().strategies;
    const parameters = { ...cross.parameters, slowBars: 40 };
    document.addIn(['strategies'], { ...cross, name: 'idle', parameters });
    writeFileSync(file, document.toString());
    const replayed = (name: string) =>
      replay('--date', DATE, '--data', traded.file, '--json', '--strategy', name);
    const [own, idle] = [await replayed('ema-cross'), await replayed('idle')];
    writeFileSync(file, written);
    const decisionsIn = ({ out }: { out: string }) => (JSON.parse(out) as ReplayReport).hypothesis!.decisions;
    expect(decisionsIn(own)).toMatchObject({ differ: 0, first: null, notJudged: [] });
    expect(decisionsIn(own).same).toBeGreaterThan(2);
    // The journal has nothing of it.
    expect(decisionsIn(idle)).toMatchObject({
      ...{ same: 0, differ: 1 },
      first: { was: 'nothing', now: expect.stringContaining('(idle)'), orders: [] },
    });
  });

  it('with a strategy that throws: where and why, and no result that would be only half of one', async () => {
    mkdirSync(join(folder, 'strategies'), { recursive: true });
    const source = `import { strategy } from 'fermata/strategy';

export default strategy({
  suits: 'trending',
  parameters: {},
  create: () => ({
    warmupBars: 1,
    onBar(desk, bar) {
      if (bar.closeTicks > 6_100_000) throw new Error('too dear');
    },
    state: () => 'never enters',
  }),
});
`;
    writeFileSync(join(folder, 'strategies', 'throws.ts'), source);
    const args = ['--date', DATE, '--data', traded.file, '--strategy', 'strategies/throws.ts'];
    const { code, out, err } = await replay(...args);
    expect(code, err + out).toBe(1);
    expect(out).toMatch(/^✗ 2026-03-02/);
    expect(out).toMatch(
      /✗ \S+ failed at 2026-03-02 00:\d\d UTC, BTC\/USDT: too dear \(strategies\/throws\.ts:9\)/,
    );
    expect(out).toMatch(/the desk as it is +\d+ trades closed/);
    expect(out).toMatch(/the desk with that +no result: .*too dear \(strategies\/throws\.ts:9\)/);
    const json = await replay(...args, '--json');
    expect(json.code).toBe(1);
    const { hypothesis } = JSON.parse(json.out) as ReplayReport;
    expect(hypothesis?.decisions.failures).toMatchObject([{ reason: 'too dear (strategies/throws.ts:9)' }]);
    expect(hypothesis?.changed).toEqual({ failures: [expect.stringContaining('too dear')] });
  });

  it('judges no strategy where the candles can’t be read, and says so; a hypothesis needs them', async () => {
    const { code, out } = await replay('--date', DATE);
    // Nothing differs, and nothing is proven: a script must not take it for a pass.
    expect(code).toBe(1);
    expect(out).toMatch(/^! /);
    expect(out).toContain('! the desk’s candles could not be read');
    expect(out).toMatch(/! \d+ not judged: the bar that it was made at is not stored/);
    const otherDay = join(folder, 'other-day.csv');
    const rows = [0, 1].map((at) => `${Date.parse('2026-02-01') + at * 60_000},90000,90010,89990,90000,1\n`);
    writeFileSync(otherDay, `ts,open,high,low,close,volume\n${rows.join('')}`);
    const ofAnother = await replay('--date', DATE, '--data', otherDay);
    expect(ofAnother.out, ofAnother.err).toMatch(/^! /);
    expect(ofAnother.code).toBe(1);
    const hypothesis = await replay('--date', DATE, '--set', 'slowBars=40');
    expect(hypothesis.code).toBe(1);
    expect(hypothesis.err).toContain('do this:   start the desk where Postgres is down');
  });

  it('names the days that there are, where the journal has nothing of that one', async () => {
    const { code, err } = await replay('--date', '2026-03-09');
    expect(code).toBe(2);
    expect(err).toContain('--date: the journal of crypto-bot has nothing of 2026-03-09');
    expect(err).toContain(`name one of its days: ${DATE}`);
  });
});
