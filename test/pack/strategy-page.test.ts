/** What docs/STRATEGY.md tells a reader to type and to write, typed and written in an empty folder. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import { describeStrategies } from '../../src/pack/strategy/read-strategies.js';
import { commandsInOneProcess } from '../cli/run-command.js';
import { repository } from '../support/desk-under-test.js';

const runCommand = commandsInOneProcess();

const PAGE = readFileSync(join(repository, 'docs/STRATEGY.md'), 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
  language,
  text,
}));
const blocks = (wanted: string): string[] =>
  BLOCKS.flatMap(({ language, text }) => (language === wanted ? [text] : []));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-strategy-page-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('leads from an empty folder to the report of a validation', async () => {
  const [write, look, ...more] = blocks('bash');
  expect(more).toEqual([]);
  await typed(write ?? '');
  const file = join(folder, 'desks/mine/desk.yaml');
  const desk = parseDocument(readFileSync(file, 'utf8'));
  const [snippet = ''] = blocks('');
  desk.set('strategies', (parse(snippet) as { strategies: unknown }).strategies);
  writeFileSync(file, desk.toString());
  const said = await typed(look ?? '');
  expect(said).toContain('with the same decisions');
  // What made-up prices say of it is no concern of this page's.
  expect(said).toMatch(/^(✓ GO|✗ NO-GO): paper validation of mine,/m);
  const [report = ''] = readdirSync(join(folder, 'data')).filter((name) => name.endsWith('.json'));
  const { results } = JSON.parse(readFileSync(join(folder, 'data', report), 'utf8'));
  expect(results.trades).toBeGreaterThan(0);
});

it('leads on to a validation on minutes that are fetched', async () => {
  const lines = PAGE.match(/^ {4}npx fermata .*--from \S+ --to \S+$/gm) ?? [];
  expect(lines).toHaveLength(2);
  // Of a venue that is here, and a day that it has.
  const simulator = await startBinanceSimulator({ history: { minutes: 49 * 60 } });
  onTestFinished(() => simulator.close());
  const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const here = lines.map(
    (line) =>
      `${line.trim().replace(/--from .*/, `--from ${day} --to ${day}`)} --simulated-venue ${simulator.address}`,
  );
  const said = await typed(here.join('\n'));
  expect(said).toContain('Trade on them: fermata validate');
  expect(said).toMatch(/^(✓ GO|✗ NO-GO): paper validation of mine,/m);
});

it('shows a strategy that is taken as it stands there', () => {
  const [example = ''] = blocks('ts');
  expect(existsSync(join(folder, 'desks/mine/strategies'))).toBe(true);
  writeFileSync(join(folder, 'desks/mine/strategies/shown.ts'), example);
  const [found] = describeStrategies(join(folder, 'desks/mine'), ['strategies/shown.ts']);
  expect(found?.parameters.map(({ name }) => name)).toEqual(['bars']);
});

it('shows parameters of each kind that are taken as they stand there', () => {
  const parameters = blocks('ts').find((text) => text.startsWith('parameters: {')) ?? '';
  writeFileSync(
    join(folder, 'desks/mine/strategies/kinds.ts'),
    `import { strategy } from 'fermata/strategy';
export default strategy({ suits: 'trending', ${parameters}
  create: () => ({ warmupBars: 0, onBar: () => undefined, state: () => '' }) });`,
  );
  const [found] = describeStrategies(join(folder, 'desks/mine'), ['strategies/kinds.ts']);
  expect(found?.parameters.map(({ type }) => type ?? 'number')).toEqual([
    ...['number', 'number', 'choice', 'boolean', 'time', 'text'],
  ]);
});

it('shows longer bars, asked for as they are there', () => {
  const made = blocks('ts').find((text) => text.includes("bars: ['1m', '1h']")) ?? '';
  writeFileSync(
    join(folder, 'desks/mine/strategies/hours.ts'),
    `import { Ema, strategy } from 'fermata/strategy';
export default strategy({ suits: 'trending', parameters: {}, create() {
  const trend = new Ema(3);
  ${made} } });`,
  );
  const [found] = describeStrategies(join(folder, 'desks/mine'), ['strategies/hours.ts']);
  expect(found?.trial.bars).toBe(60_000);
});

it('shows volume, gone by as it is there', () => {
  const made = blocks('ts').find((text) => text.includes('new Vwap()')) ?? '';
  writeFileSync(
    join(folder, 'desks/mine/strategies/busy.ts'),
    `import { Sma, strategy, Vwap } from 'fermata/strategy';
export default strategy({ suits: 'trending', parameters: {}, ${made} });`,
  );
  const [found] = describeStrategies(join(folder, 'desks/mine'), ['strategies/busy.ts']);
  expect(found?.trial.entries).toBeGreaterThan(0);
});

/** Each line of a block. A validation on made-up prices may say NO-GO: that is an answer, too. */
async function typed(block: string): Promise<string> {
  let said = '';
  for (const line of block.split('\n').filter((text) => text !== '')) {
    const [npx, fermata, ...args] = line.replace(/ +#.*$/, '').split(' ');
    expect([npx, fermata]).toEqual(['npx', 'fermata']);
    const { code, out, err } = await runCommand(folder, args);
    expect(args[0] === 'validate' ? [0, 1] : [0], `${line}: ${out}${err}`).toContain(code);
    said += out;
  }
  return said;
}
