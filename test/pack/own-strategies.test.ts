/** Strategies of a desk's own folder: compiled in a process of its own, refused by line, and a part of the desk's hash. */
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configuration } from '../../src/checks/configuration.js';
import { NEW_STRATEGY } from '../../src/cli/commands/strategy-commands.js';
import { settingSpecs } from '../../src/engine/settings/setting-specs.js';
import { loadDeskHere } from '../../src/home/desk-here.js';
import { describeStrategies } from '../../src/pack/strategy/read-strategies.js';
import { keepStartedDesk } from '../../src/supervisor/start/runtime-file.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { repository } from '../support/desk-under-test.js';
import { deskText, problemsOf, strategyFolder, strategyOf } from './support/strategy-desk.js';

/** What stands on a line of its own, and the reason that is named for it. */
const REFUSED: readonly (readonly [string, string])[] = [
  ['Date.now();', 'Date: a strategy has no clock'],
  ['new Date(0);', 'Date: a strategy has no clock'],
  ['const clock = Date;', 'Date: a strategy has no clock'],
  ['performance.now();', 'performance: a strategy has no clock'],
  ['Math.random();', 'Math.random: a strategy has no randomness'],
  ["Math['random']();", 'Math.random: a strategy has no randomness'],
  ['const sin = Math.sin(bar.closeTicks);', 'Math.sin: engines differ'],
  ['const { sin } = Math;', 'Math: its functions are called by name'],
  ['const m = Math; m.sin(1);', 'Math: its functions are called by name'],
  ['const f = Math[desk.lots > 0 ? "sin" : "cos"];', 'Math[…]: its functions are called by name'],
  ['Math.pow(2, 3);', 'Math.pow: engines differ'],
  ['Math.log(2); Math.exp(2);', 'Math.log: engines differ'],
  ['let power = bar.closeTicks ** 2;', '**: engines differ'],
  ['let power = 2; power **= 2;', '**=: engines differ'],
  ['(async () => {})();', 'async: a strategy decides at once'],
  ['Promise.resolve(1);', 'Promise: a strategy decides at once'],
  ['setTimeout(() => 1, 1);', 'setTimeout: a strategy decides at once'],
  ['queueMicrotask(() => 1);', 'queueMicrotask: a strategy decides at once'],
  ['import("./other.js");', 'Promise: a strategy decides at once'],
  ['fetch("http://localhost");', 'fetch: a strategy reaches nothing outside'],
  ['process.exit(0);', 'process: a strategy reaches nothing outside'],
  ['globalThis["Da" + "te"];', 'globalThis: a strategy reaches nothing outside'],
  ['const process = 1;', 'process: a strategy reaches nothing outside'],
  ['eval("1");', 'eval: it runs code that nobody has read'],
  ['new Function("return 1");', 'Function: it runs code that nobody has read'],
  ['desk.enter.constructor("return 1")();', '.constructor: it leads to code'],
  ["desk['constructor'];", '.constructor: it leads to code'],
  ['"a".localeCompare("b");', '.localeCompare: it depends on the locale'],
  ['(1.5).toLocaleString();', '.toLocaleString: it depends on the locale'],
  ['new Intl.NumberFormat();', 'Intl: it depends on the locale'],
  ['"a".normalize();', '.normalize: it depends on the version of Unicode'],
  ['new Error("x").stack;', '.stack: it depends on the engine'],
  ['new WeakRef({});', 'WeakRef: what it gives depends on the machine'],
  ['new SharedArrayBuffer(8);', 'SharedArrayBuffer: what it gives depends on the machine'],
  ['console.log(1);', 'console: a strategy says what it does with desk.note'],
  ['crypto.randomUUID();', 'crypto: a strategy has no randomness'],
  ['nothingOfThatName();', 'nothingOfThatName: a strategy has no such name'],
  ['const facts = { when }; facts.when;', 'when: a strategy has no such name'],
  ['const fermataStep = 1;', 'fermataStep: Fermata counts by it'],
];

const TAKEN: readonly string[] = [
  'const when = bar.openMs % 86_400_000; if (when === 0) desk.note("a new day");',
  'const root = Math.sqrt(bar.closeTicks) + Math.floor(1.5) + Math.max(1, 2) + Math.PI;',
  'class Range { low = 1; #high = 2; get high() { return this.#high; } } new Range().high;',
  'const prices = new Float64Array(4); prices.fill(bar.closeTicks); [...prices].sort((a, b) => a - b);',
  'const seen = new Map([["a", { Date: 1, process: 2 }]]); for (const [key, { Date: at }] of seen) desk.note(key + at);',
  'function* steps() { yield 1; } for (const step of steps()) if (step > 1) break;',
  'try { JSON.parse("{"); } catch (error) { if (error instanceof SyntaxErrorLike) desk.note(String(error)); }',
  'outer: for (const a of [1, 2]) { for (const b of [1]) if (a > b) continue outer; }',
  'const big = 10n * BigInt(bar.closeTicks); Number(big); parseInt("12", 10); isNaN(desk.bid);',
  'function Made() { return new.target === undefined ? 1 : 2; } desk.note(String(Made()));',
  'let sum = 0; for (const x of [1, 2]) for (let i = 0; i < x; i += 1) if (x > 1) sum += i; else do sum += 1; while (sum < 3);',
  'const twice = (x) => (y) => ({ x, y }); desk.note(JSON.stringify([1].map((x) => twice(x)(2), 1)));',
  'const { closeTicks: now = 1, ...others } = bar; [now].map((x) => x + Object.keys(others).length);',
];

describe('a strategy that would not give the same every time', () => {
  it('is refused with its file, its line and the reason, whatever else it does', () => {
    const { folder, write } = strategyFolder();
    const files = REFUSED.map(([code], at) => {
      write(`strategies/no${at}.ts`, strategyOf(`\n${code}\n`));
      return `strategies/no${at}.ts`;
    });
    write('strategies/other.ts', strategyOf(''));
    const problems = problemsOf(() => describeStrategies(folder, files));
    for (const [at, [code, reason]] of REFUSED.entries()) {
      const own = problems.filter((problem) => problem.startsWith(`strategies/no${at}.ts:`));
      const where = `strategies/no${at}.ts:${lineOf(strategyOf(`\n${code}\n`), code)} ${reason}`;
      expect(
        own.some((problem) => problem.startsWith(where)),
        `${code}: ${own.join('; ')}`,
      ).toBe(true);
    }
  });

  it('is taken where it keeps to what is the same everywhere', () => {
    const { folder, write } = strategyFolder();
    const files = TAKEN.map((code, at) => {
      write(`strategies/yes${at}.ts`, strategyOf(code, 'class SyntaxErrorLike extends Error {}'));
      return `strategies/yes${at}.ts`;
    });
    expect(describeStrategies(folder, files).map(({ trial }) => trial.bars)).toEqual(TAKEN.map(() => 3000));
  });

  it('finds nothing of it where it gets there by a name that is only made while it runs', () => {
    const { folder, write } = strategyFolder();
    const made: readonly (readonly [string, string])[] = [
      [
        'desk.enter[["const", "ructor"].join("")]("return process")();',
        'Code generation from strings disallowed',
      ],
      ['const way = ["const", "ructor"].join(""); ({})[way][way]("return Date")();', 'Code generation'],
      ['"a"[["locale", "Compare"].join("")]("b");', 'is not a function'],
      ['(1)[["toLocale", "String"].join("")]();', 'is not a function'],
    ];
    for (const [at, [code]] of made.entries()) write(`strategies/m${at}.ts`, strategyOf(`\n${code}\n`));
    const problems = problemsOf(() =>
      describeStrategies(
        folder,
        made.map((_, at) => `strategies/m${at}.ts`),
      ),
    );
    expect(problems).toHaveLength(made.length);
    for (const [at, [code, why]] of made.entries()) {
      expect(problems[at]).toContain(
        `strategies/m${at}.ts:${lineOf(strategyOf(`\n${code}\n`), code)} an error on made-up prices`,
      );
      expect(problems[at]).toContain(why);
    }
  });

  it('is named with its line as what can’t be used, and said to take ever more memory where it does', () => {
    const { folder, write } = strategyFolder();
    write('strategies/clock.ts', strategyOf('\nDate.now();\n'));
    write(
      'strategies/hog.ts',
      strategyOf('for (;;) all.push(new Array(100_000).fill(1));', 'const all = [];'),
    );
    const refused = (file: string) => () => describeStrategies(folder, [`strategies/${file}`]);
    const line = lineOf(strategyOf('\nDate.now();\n'), 'Date.now();');
    expect(refused('clock.ts')).toThrow(`${folder}/strategies/clock.ts:${line} can't be used`);
    expect(problemsOf(refused('hog.ts'))).toEqual([
      'strategies/hog.ts code that takes more and more memory: 192 MB were not enough for it',
    ]);
  });

  it('is refused where it is no strategy, imports what is not its own, or fails on made-up prices', () => {
    const { folder, write } = strategyFolder();
    write('outside.ts', 'export const x = 1;');
    write('strategies/empty.ts', '');
    write('strategies/node.ts', strategyOf('readFileSync("x");', "import { readFileSync } from 'node:fs';"));
    write('strategies/up.ts', strategyOf('desk.note(String(x));', "import { x } from '../outside.js';"));
    symlinkSync(join(folder, 'outside.ts'), join(folder, 'strategies/linked.ts'));
    write('strategies/link.ts', strategyOf('desk.note(String(x));', "import { x } from './linked.js';"));
    const ours = relative(join(folder, 'strategies'), join(repository, 'dist/domain/decimal.js'));
    write(
      'strategies/reach.ts',
      strategyOf('desk.note(formatDecimal(1, "1"));', `import { formatDecimal } from '${ours}';`),
    );
    symlinkSync(join(repository, 'dist/domain/decimal.js'), join(folder, 'strategies/decimal.js'));
    write(
      'strategies/hidden.ts',
      strategyOf('desk.note(formatDecimal(1, "1"));', "import { formatDecimal } from './decimal.js';"),
    );
    write('strategies/broken.ts', strategyOf('desk.note('));
    write('strategies/suits.ts', strategyOf('').replace("'trending'", "'sideways'"));
    write(
      'strategies/throws.ts',
      strategyOf('\nif (bar.openMs > 600_000) throw new RangeError("too late");\n'),
    );
    write('strategies/endless.ts', strategyOf('\nfor (;;) { try { for (;;) ; } catch {} }\n'));
    write('strategies/slow.ts', strategyOf('').replace('parameters.bars,', '5001,'));
    write('strategies/nothing.ts', strategyOf('\nif (bar.openMs > 600_000)\nthrow null;\n'));
    write('strategies/words.ts', strategyOf('\ntry { throw 1; } catch { throw ("so", "it is over"); }\n'));
    write('strategies/loads.ts', `\nthrow undefined;\n${strategyOf('')}`);
    write('strategies/looked.ts', strategyOf('').replace("'waits'", '{ throw new Error("no words"); }'));
    write('strategies/wish.ts', strategyOf('desk.enter({ side: "buy", type: "limit", ticks: 1.5 });'));
    const files = [
      ...[
        'empty',
        'node',
        'up',
        'link',
        'reach',
        'hidden',
        'broken',
        'suits',
        'throws',
        'endless',
        'slow',
        'looked',
        'nothing',
        'words',
        'loads',
        'wish',
      ],
    ];
    const problems = problemsOf(() =>
      describeStrategies(
        folder,
        files.map((name) => `strategies/${name}.ts`),
      ),
    );
    expect(problems).toEqual([
      'strategies/empty.ts no default export',
      'strategies/node.ts:3 an import of node:fs',
      expect.stringContaining('a file outside of strategies/: outside.ts'),
      expect.stringMatching(/a file outside of strategies\/: (strategies\/linked|outside)\.ts/),
      expect.stringMatching(/a file outside of strategies\/: .*dist\/domain\/decimal\.js$/),
      expect.stringMatching(/a file outside of strategies\/: .*dist\/domain\/decimal\.js$/),
      expect.stringMatching(/^strategies\/broken\.ts:\d+ a syntax error: /),
      'strategies/suits.ts suits: expected one of trending, ranging; found "sideways"',
      'strategies/throws.ts:10 an error on made-up prices: too late',
      expect.stringMatching(
        /^strategies\/endless\.ts:10 an error on made-up prices: more than 10000000 steps at once/,
      ),
      expect.stringMatching(
        /made-up prices: warmupBars: expected a whole number from 0 to 5000, found 5001$/,
      ),
      expect.stringMatching(/^strategies\/looked\.ts:\d+ an error on made-up prices: no words$/),
      'strategies/nothing.ts:11 an error on made-up prices: it threw null, which is no error',
      'strategies/words.ts:10 an error on made-up prices: it is over',
      'strategies/loads.ts:2 an error while it was loaded: it threw undefined, which is no error (strategies/loads.ts:2)',
      expect.stringMatching(
        /^strategies\/wish\.ts:\d+ an error on made-up prices: ticks: expected a whole number above 0, found 1\.5/,
      ),
    ]);
  });
});

describe('a file that strategies share', () => {
  const used = "import { level } from './lib/level.js';";

  it('is named with its line where it throws: while it is loaded, on made-up prices, or where its loop does not end', () => {
    const refused = (code: string) => {
      const { folder, write } = strategyFolder();
      write('strategies/user.ts', strategyOf('\ndesk.note(String(level(bar.closeTicks)));\n', used));
      write('strategies/lib/level.ts', code);
      return () => describeStrategies(folder, ['strategies/user.ts']);
    };
    const late = refused('export const level = () => {\n  throw new Error("too late");\n};');
    expect(problemsOf(late)).toEqual(['strategies/lib/level.ts:2 an error on made-up prices: too late']);
    const doThis = 'put strategies/lib/level.ts right';
    expect(late).toThrow(expect.objectContaining({ problems: [expect.objectContaining({ doThis })] }));
    expect(problemsOf(refused('export const level = 1;\n\nthrow new Error("at once");'))).toEqual([
      'strategies/lib/level.ts:3 an error while it was loaded: at once (strategies/lib/level.ts:3)',
    ]);
    const endless = `import { Ema } from 'fermata/strategy';
export const level = () => {
  const ema = new Ema(3);
  for (;;) ema.update(1);
};`;
    expect(problemsOf(refused(endless))).toEqual([
      expect.stringMatching(
        /^strategies\/lib\/level\.ts:4 an error on made-up prices: more than 10000000 steps at once/,
      ),
    ]);
  });
});

describe('a desk with a strategy of its own', () => {
  const kind = './strategies/dip.ts';
  const lib = "import { level } from './lib/level.js';";
  const desk = () => {
    const made = strategyFolder();
    made.write('strategies/dip.ts', strategyOf('desk.note(String(level(bar.closeTicks)));', lib));
    made.write('strategies/lib/level.ts', 'export const level = (x: number): number => x + 1;');
    const file = made.write('desk.yaml', deskText({ kind, parameters: { bars: 7 } }));
    return { ...made, file };
  };

  it('has another hash where a byte of any of its files changes, and the same where another file does', () => {
    const { file, write } = desk();
    const first = loadDesk(file).configHash;
    expect(loadDesk(file).configHash).toBe(first);
    write('strategies/unused.ts', 'export const x = 1;');
    expect(loadDesk(file).configHash).toBe(first);
    write('strategies/lib/level.ts', 'export const level = (x: number): number => x + 1; // a word');
    const second = loadDesk(file).configHash;
    expect(second).not.toBe(first);
    write('strategies/lib/level.ts', 'export const level = (x: number): number => x + 1;');
    expect(loadDesk(file).configHash).toBe(first);
  });

  it('judges its parameters as those of the shipped strategies, and they can be changed while it trades', () => {
    const { file, write } = desk();
    expect(settingSpecs(loadDesk(file).desk)).toContainEqual(
      expect.objectContaining({ key: 'strategies.ema-cross.parameters.bars', min: 1, max: 50, whole: true }),
    );
    const text = readFileSync(file, 'utf8');
    const line = text.split('\n').findIndex((one) => /^\s+bars: 7/.test(one)) + 1;
    write('desk.yaml', text.replace('bars: 7', 'bars: 70'));
    expect(() => loadDesk(file)).toThrow(
      `desk.yaml:${line}:7: strategies[0].parameters.bars: expected a whole number from 1 to 50; found 70`,
    );
    write('desk.yaml', text.replace('bars: 7', 'bras: 7'));
    expect(problemsOf(() => loadDesk(file))).toEqual(['strategies[0].parameters.bras bras']);
    write('desk.yaml', text.replace('bars: 7', 'bars: 7\n    own: {}'));
    expect(problemsOf(() => loadDesk(file))).toEqual(['strategies[0].own the unknown key own']);
  });

  it('is refused where its file is missing, and a misspelt kind is told from a file', () => {
    const { file, write, folder } = desk();
    rmSync(join(folder, 'strategies/dip.ts'));
    expect(problemsOf(() => loadDesk(file))).toEqual(['strategies/dip.ts no such file']);
    write('desk.yaml', deskText({ kind: 'emaCros' }));
    expect(() => loadDesk(file)).toThrow(
      /one of emaCross, rsiReversion, donchianBreakout, externalSignals, or \.\/strategies\/NAME\.ts .*found "emaCros"/,
    );
    write('desk.yaml', deskText({ kind: './strategies/../desk.ts' }));
    expect(() => loadDesk(file)).toThrow(/or \.\/strategies\/NAME\.ts/);
  });

  it('is the same desk where the environment changes a value of it: its files lie beside the copy', () => {
    const { file, folder, write } = desk();
    const home = join(folder, 'home');
    const here = loadDeskHere(file, {}, { STOP_LOSS_PCT: '2' }, home);
    expect(here.file.startsWith(home)).toBe(true);
    expect(here.folder).toBe(folder);
    write('strategies/dip.ts', strategyOf('desk.note("another");'));
    const copy = loadDesk(here.file);
    expect(copy.configHash).toBe(here.configHash);
    expect(copy.desk.strategies[0]?.own?.hash).toBe(here.desk.strategies[0]?.own?.hash);
    expect(loadDesk(file).desk.strategies[0]?.own?.hash).not.toBe(copy.desk.strategies[0]?.own?.hash);
  });

  it('is begun again by each role as it was started, and a draft of it is told from it unread', async () => {
    const { file, folder, write } = desk();
    const run = join(folder, 'run');
    const loaded = loadDesk(file);
    const { configHash } = loaded;
    const started = keepStartedDesk(run, loaded);
    expect(started.writtenFile).toBe(file);
    const trader = { call: async () => ({ settings: { fileConfigHash: configHash, version: 0 } }) };
    const context = { runtime: { ...started, configHash }, desk: loaded.desk, trader } as never;
    expect(await configuration(context, {})).toMatchObject({ verdict: 'pass' });
    write('strategies/lib/level.ts', 'export const level = (');
    expect(loadDesk(started.deskFile).configHash).toBe(configHash);
    expect(await configuration(context, {})).toMatchObject({
      verdict: 'warn',
      observed: expect.stringContaining(`desk file changed (${kind}), start ${configHash.slice(0, 8)}`),
    });
    write('strategies/lib/level.ts', 'export const level = (x: number): number => x + 2;');
    const next = keepStartedDesk(run, loadDesk(file));
    expect(loadDesk(next.deskFile).configHash).toBe(loadDesk(file).configHash);
    expect(loadDesk(next.deskFile).configHash).not.toBe(configHash);
    const ofShipped = deskText({});
    const shipped = write('shipped.yaml', ofShipped);
    const withoutCode = keepStartedDesk(run, loadDesk(shipped));
    expect(existsSync(join(run, 'started', 'strategies'))).toBe(false);
    write('shipped.yaml', `${ofShipped}\nrisk: [`);
    expect(readFileSync(withoutCode.deskFile, 'utf8')).toBe(ofShipped);
    expect(withoutCode.writtenFile).toBe(shipped);
  });

  it('is run as after a real start: no quote, no request and nothing between bars until it has warmed up', () => {
    const { folder, write } = strategyFolder();
    const each = (body: string, between = '') =>
      strategyOf(body, 'let bars = 0;').replace("'waits',", `'waits', ${between}`);
    const entry = (ticks: string) =>
      `desk.enter({ side: 'buy', type: 'limit', ticks: ${ticks}, exits: { stop: { ticks: 9 } }, restBars: 1, because: 'x' });`;
    const between = `onQuote(desk) { if (bars < 5) throw new Error('a quote at bar ' + bars); },`;
    write('strategies/asks.ts', each(`bars += 1; ${entry('desk.bid')}`, between));
    write('strategies/long.ts', each(entry('desk.bid')).replace('parameters.bars,', '5_000,'));
    write('strategies/looks.ts', each("\nif (Number.isNaN(desk.bid)) throw new Error('no quote');\n"));
    const checked = (name: string) => describeStrategies(folder, [`strategies/${name}.ts`])[0]!.trial;
    for (const name of ['asks', 'long']) expect(checked(name)).toMatchObject({ bars: 3000, entries: 3000 });
    expect(problemsOf(() => checked('looks'))).toEqual([
      'strategies/looks.ts:10 an error on made-up prices: no quote',
    ]);
  });

  it('begins with a strategy that trades and passes', () => {
    const { folder } = desk();
    writeFileSync(join(folder, 'strategies/new.ts'), NEW_STRATEGY);
    const [found] = describeStrategies(folder, ['strategies/new.ts']);
    expect(found?.trial.entries).toBeGreaterThan(5);
    expect(found?.trial.exits).toBeGreaterThan(5);
  });
});

const lineOf = (text: string, code: string): number => text.split('\n').indexOf(code) + 1;
