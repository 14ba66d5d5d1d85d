import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/checks/registry.js';
import { loadDesk, parseDesk } from '../../src/desk/load.js';
import { DeskFileError, type DeskProblem } from '../../src/desk/problem.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';

const GOOD = readFileSync(new URL('../../desks/crypto-bot.yaml', import.meta.url), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'fermata-desk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Replaces one place of the shipped file; the place must be there exactly once. */
function broken(from: string, to: string): string {
  const parts = GOOD.split(from);
  if (parts.length !== 2) {
    throw new Error(`${from} stands ${parts.length - 1} times in the shipped desk file`);
  }
  return parts.join(to);
}

function lineOf(text: string, wanted: string): number {
  const index = text.split('\n').findIndex((line) => line.includes(wanted));
  if (index < 0) {
    throw new Error(`${wanted} is not in the text`);
  }
  return index + 1;
}

function problemsOf(text: string): readonly DeskProblem[] {
  try {
    parseDesk('desk.yaml', text, { checkNames: [...CHECKS.keys()] });
  } catch (error) {
    if (error instanceof DeskFileError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}

interface Case {
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  /** Text that stands only on the line that must be named, in the broken file. */
  readonly at: string;
  readonly key: string;
  readonly expected: string;
  readonly found: string;
  readonly doThis: string;
}

const CASES: readonly Case[] = [
  {
    kind: 'an unknown key with a near one',
    from: '  staleDataSeconds: 10',
    to: '  staleDataSecond: 10',
    at: 'staleDataSecond: 10',
    key: 'risk.staleDataSecond',
    expected: 'one of the keys maxPositionSizePct, maxConcurrentPositions',
    found: 'the unknown key staleDataSecond',
    doThis: 'write staleDataSeconds instead of staleDataSecond',
  },
  {
    kind: 'an unknown key in another spelling',
    from: '  - symbol: ETH/USDT\n    tickSize:',
    to: '  - symbol: ETH/USDT\n    min_notional: "5"\n    tickSize:',
    at: 'min_notional',
    key: 'instruments[1].min_notional',
    expected: 'one of the keys symbol, kind, tickSize',
    found: 'the unknown key min_notional',
    doThis: 'write minNotional instead of min_notional',
  },
  {
    kind: 'an unknown key that resembles none',
    from: '  latencyMs: 20',
    to: '  latencyMs: 20\n  wallet: 3',
    at: 'wallet: 3',
    key: 'paper.wallet',
    expected: 'one of the keys balance',
    found: 'the unknown key wallet',
    doThis: 'remove wallet',
  },
  {
    kind: 'a key that stands twice',
    from: 'timezone: UTC',
    to: 'timezone: UTC\ntimezone: Europe/Berlin',
    at: 'timezone: Europe/Berlin',
    key: '',
    expected: 'each key once',
    found: 'a key that stands above already',
    doThis: 'remove one of the two',
  },
  {
    kind: 'a bracket that is never closed',
    from: 'feeds: [binance, kucoin, kraken]',
    to: 'feeds: [binance, kucoin',
    at: 'instruments: # SYMBOLS',
    key: '',
    expected: 'YAML',
    found: 'Flow sequence',
    doThis: 'check indentation, quotes and brackets',
  },
  {
    kind: 'wrong indentation',
    from: '  stopLossPct: 5.0',
    to: '   stopLossPct: 5.0',
    at: '   stopLossPct: 5.0',
    key: '',
    expected: 'YAML',
    found: 'all mapping items must start at the same column',
    doThis: 'check indentation',
  },
  {
    kind: 'a required key that is missing',
    from: '  stopLossPct: 5.0 # STOP_LOSS_PCT\n',
    to: '',
    at: 'risk:',
    key: 'risk.stopLossPct',
    expected: 'a number',
    found: 'nothing',
    doThis: 'add the key stopLossPct',
  },
  {
    kind: 'a key without a value',
    from: '  balance: "10000"',
    to: '  balance:',
    at: '  balance:',
    key: 'paper.balance',
    expected: 'text',
    found: 'an empty value',
    doThis: 'write text',
  },
  {
    kind: 'a decimal without quotes',
    from: '    lotSize: "0.00001"',
    to: '    lotSize: 0.00001',
    at: '    lotSize: 0.00001',
    key: 'instruments[0].lotSize',
    expected: 'text in quotes',
    found: 'number 0.00001',
    doThis: 'put it in quotes: "0.00001"',
  },
  {
    kind: 'a decimal that is none',
    from: '  balance: "10000"',
    to: '  balance: "10,000"',
    at: '10,000',
    key: 'paper.balance',
    expected: 'a decimal number in quotes',
    found: '"10,000"',
    doThis: 'write a decimal number',
  },
  {
    kind: 'text where a number belongs',
    from: '  maxConcurrentPositions: 3',
    to: '  maxConcurrentPositions: three',
    at: 'three',
    key: 'risk.maxConcurrentPositions',
    expected: 'a number',
    found: '"three"',
    doThis: 'write a number',
  },
  {
    kind: 'a fraction where a whole number belongs',
    from: '  slippageTicks: 1',
    to: '  slippageTicks: 1.5',
    at: '1.5',
    key: 'paper.slippageTicks',
    expected: 'a whole number',
    found: 'number 1.5',
    doThis: 'write a whole number',
  },
  {
    kind: 'a percentage above 100',
    from: '  maxDrawdownPct: 15.0',
    to: '  maxDrawdownPct: 150',
    at: '150',
    key: 'risk.maxDrawdownPct',
    expected: 'a number of at most 100',
    found: 'number 150',
    doThis: 'write a number of at most 100',
  },
  {
    kind: 'a limit of zero',
    from: '  dailyLossLimitPct: 3.0',
    to: '  dailyLossLimitPct: 0',
    at: 'dailyLossLimitPct: 0',
    key: 'risk.dailyLossLimitPct',
    expected: 'a number of more than 0',
    found: 'number 0',
    doThis: 'write a number of more than 0',
  },
  {
    kind: 'a word that is not one of the choices',
    from: 'mode: paper # TRADING_MODE',
    to: 'mode: papre',
    at: 'papre',
    key: 'mode',
    expected: 'one of paper, live',
    found: '"papre"',
    doThis: 'write one of paper, live',
  },
  {
    kind: 'a format of another version',
    from: 'version: 1',
    to: 'version: 2',
    at: 'version: 2',
    key: 'version',
    expected: '1',
    found: 'number 2',
    doThis: 'write 1',
  },
  {
    kind: 'a symbol without a quote currency',
    from: '  - symbol: BTC/USDT',
    to: '  - symbol: BTCUSDT',
    at: '- symbol: BTCUSDT',
    key: 'instruments[0].symbol',
    expected: 'BASE/QUOTE',
    found: '"BTCUSDT"',
    doThis: 'write BASE/QUOTE',
  },
  {
    kind: 'an empty list',
    from: 'feeds: [binance, kucoin, kraken]',
    to: 'feeds: []',
    at: 'feeds: []',
    key: 'feeds',
    expected: 'a list of at least 1',
    found: 'an empty list',
    doThis: 'write a list of at least 1',
  },
  {
    kind: 'a value where a group belongs',
    from: 'deadMan: # derived\n  operationsSilentSeconds: 60\n  action: stop # none | stop | closeAll',
    to: 'deadMan: stop',
    at: 'deadMan: stop',
    key: 'deadMan',
    expected: 'a group of keys',
    found: '"stop"',
    doThis: 'write a group of keys',
  },
  {
    kind: 'a time that is none',
    from: '    at: ["00:00"]',
    to: '    at: ["24:00"]',
    at: '24:00',
    key: 'routines[0].at[0]',
    expected: 'a time HH:MM',
    found: '"24:00"',
    doThis: 'write a time HH:MM',
  },
  {
    kind: 'a time zone that does not exist',
    from: 'timezone: UTC',
    to: 'timezone: Mars/Olympus',
    at: 'Mars/Olympus',
    key: 'timezone',
    expected: 'a time zone of the IANA list',
    found: 'Mars/Olympus',
    doThis: 'write for example UTC',
  },
  {
    kind: 'step sizes whose product is no whole amount of money',
    from: '    lotSize: "0.00001"',
    to: '    lotSize: "0.0000001"',
    at: '0.0000001',
    key: 'instruments[0].lotSize',
    expected: 'a whole number of 0.00000001',
    found: '0.01 × 0.0000001',
    doThis: 'use a larger lotSize',
  },
  {
    kind: 'a step of zero',
    from: '    lotSize: "0.00001"',
    to: '    lotSize: "0"',
    at: '    lotSize: "0"',
    key: 'instruments[0].lotSize',
    expected: 'a step above 0',
    found: '0',
    doThis: 'take the step size from the venue',
  },
  {
    kind: 'a spread that is no whole number of ticks',
    from: '    spread: "0.02" # simulated',
    to: '    spread: "0.025" # simulated',
    at: '0.025',
    key: 'instruments[0].spread',
    expected: 'a whole number of ticks of 0.01',
    found: '0.025',
    doThis: 'write a multiple of tickSize',
  },
  {
    kind: 'an instrument in another currency than the balance',
    from: '  currency: USDT',
    to: '  currency: USDC',
    at: '- symbol: BTC/USDT',
    key: 'instruments[0].symbol',
    expected: 'a symbol quoted in USDC',
    found: 'BTC/USDT',
    doThis: 'change paper.currency',
  },
  {
    kind: 'an instrument that stands twice',
    from: '  - symbol: ETH/USDT\n',
    to: '  - symbol: BTC/USDT # again\n',
    at: '# again',
    key: 'instruments[1].symbol',
    expected: 'each only once',
    found: 'BTC/USDT, which number 1 of the list has already',
    doThis: 'remove it',
  },
  {
    kind: 'a strategy on an instrument that the desk does not have',
    from: '    symbols: [BTC/USDT, ETH/USDT]',
    to: '    symbols: [BTC/USDT, SOL/USDT]',
    at: 'SOL/USDT',
    key: 'strategies[0].symbols[1]',
    expected: 'one of the desk’s instruments (BTC/USDT, ETH/USDT)',
    found: 'SOL/USDT',
    doThis: 'add it to instruments',
  },
  {
    kind: 'a parameter that the strategy does not have',
    from: '      slowBars: 180',
    to: '      slowBar: 13',
    at: 'slowBar: 13',
    key: 'strategies[0].parameters.slowBar',
    expected: 'a parameter of emaCross (fastBars',
    found: 'slowBar',
    doThis: 'write slowBars instead of slowBar',
  },
  {
    kind: 'a parameter out of its bounds',
    from: '      fastBars: 60',
    to: '      fastBars: 0',
    at: 'fastBars: 0',
    key: 'strategies[0].parameters.fastBars',
    expected: 'a whole number from',
    found: '0',
    doThis: 'the default is',
  },
  {
    kind: 'a step whose check does not exist',
    from: 'check: disk-space',
    to: 'check: disk-spaces',
    at: 'disk-spaces',
    key: 'routines[0].steps[3].check',
    expected: 'one of the checks',
    found: 'disk-spaces',
    doThis: 'write check: disk-space',
  },
  {
    kind: 'a step that does two things',
    from: 'check: disk-space, title',
    to: 'check: disk-space, report: costs, title',
    at: '{ key: disk, check',
    key: 'routines[0].steps[3]',
    expected: 'one of check, action, report and human',
    found: 'check and report',
    doThis: 'make a step of each',
  },
  {
    kind: 'a step that does nothing',
    from: 'check: disk-space, title',
    to: 'title',
    at: '{ key: disk,',
    key: 'routines[0].steps[3]',
    expected: 'one of check, action, report and human',
    found: 'none of them',
    doThis: 'say what the step does',
  },
  {
    kind: 'a step key that stands twice in its routine',
    from: '{ key: disk,',
    to: '{ key: venue,',
    at: 'check: disk-space',
    key: 'routines[0].steps[3].key',
    expected: 'each only once',
    found: 'venue, which number 1 of the list has already',
    doThis: 'give it another value',
  },
  {
    kind: 'a threshold that is a list',
    from: 'with: { freeMbMin: 1024 }',
    to: 'with: { freeMbMin: [1024] }',
    at: '[1024]',
    key: 'routines[0].steps[3].with.freeMbMin',
    expected: 'text, a number, or true or false',
    found: 'a list of 1',
    doThis: 'write text, a number',
  },
  {
    kind: 'nobody who could resume',
    from: '    roles: [operator, approver]',
    to: '    roles: [operator]',
    at: 'people:',
    key: 'people',
    expected: 'at least one person with the role approver',
    found: 'none',
    doThis: 'add approver',
  },
  {
    kind: 'two people asked for where there is one',
    from: '  drawdown: person',
    to: '  drawdown: two-people',
    at: 'drawdown: two-people',
    key: 'resume.drawdown',
    expected: 'two people with the role approver',
    found: '1',
    doThis: 'add a second approver',
  },
  {
    kind: 'one person for a kill',
    from: '  kill: two-people',
    to: '  kill: person',
    at: 'kill: person',
    key: 'resume.kill',
    expected: 'two-people',
    found: '"person"',
    doThis: 'write two-people',
  },
  {
    kind: 'an address that other machines could reach',
    from: '  host: 127.0.0.1',
    to: '  host: 0.0.0.0',
    at: '0.0.0.0',
    key: 'api.host',
    expected: '127.0.0.1',
    found: '"0.0.0.0"',
    doThis: 'write 127.0.0.1',
  },
];

describe('a broken desk file', () => {
  it.each(CASES)('$kind: names line, key, expected and found', (one) => {
    const text = broken(one.from, one.to);
    const problems = problemsOf(text);
    const problem = problems.find(({ key }) => key === one.key);
    expect(problem, JSON.stringify(problems)).toBeDefined();
    expect(problem?.line).toBe(lineOf(text, one.at));
    expect(problem?.column).toBeGreaterThan(0);
    expect(problem?.expected).toContain(one.expected);
    expect(problem?.found.toLowerCase()).toContain(one.found.toLowerCase());
    expect(problem?.doThis).toContain(one.doThis);
  });

  it('with real money does not resume by itself', () => {
    const keys = problemsOf(broken('mode: paper # TRADING_MODE', 'mode: live')).map(({ key }) => key);
    expect(keys).toEqual(['resume.startup', 'resume.fault', 'goLive.needed']);
  });

  it('names every problem at once, in the order of the file', () => {
    const text = broken('version: 1', 'version: 2')
      .replace('  seed: 7', '  sed: 7')
      .replace('port: 8000', 'port: -1');
    const lines = problemsOf(text).map(({ line }) => line ?? 0);
    expect(lines).toHaveLength(3);
    expect(lines).toEqual(lines.toSorted((left, right) => left - right));
  });

  it.each([
    ['', 'an empty value'],
    ['just text', '"just text"'],
    ['- a\n- list', 'a list of 2'],
  ])('of %j is no group of keys', (text, found) => {
    expect(problemsOf(text)[0]).toMatchObject({ key: '', expected: 'a group of keys', found });
  });

  it('that multiplies itself by aliases is refused', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      'b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]',
      'c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]',
      'd: [*c,*c,*c,*c,*c]',
    ];
    expect(problemsOf(bomb.join('\n'))[0]?.expected).toContain('aliases');
  });
});

describe('a desk file that is not there', () => {
  it('is named, with what to do', () => {
    const file = join(folder, 'absent.yaml');
    expect(() => loadDesk(file)).toThrow(`${file}: expected a desk file; found no such file`);
  });

  it('a folder is no desk file', () => {
    expect(() => loadDesk(folder)).toThrow(/can't be read \(EISDIR\)/);
  });

  it('a file of more than a megabyte is not read', () => {
    const file = join(folder, 'large.yaml');
    writeFileSync(file, '#'.repeat(1024 * 1024 + 1));
    expect(() => loadDesk(file)).toThrow(/at most 1 MB; found 1048577 bytes/);
  });

  it('an unknown name lists the desks that exist, and suggests the closest', () => {
    expect(() => resolveDesk('cripto-bot', folder)).toThrow(/one of the desks .*crypto-bot/);
    expect(suggestionFor('cripto-bot')).toBe('use --desk crypto-bot');
  });
});

function suggestionFor(name: string): string | undefined {
  try {
    resolveDesk(name, folder);
    return undefined;
  } catch (error) {
    return (error as DeskFileError).problems[0]?.doThis;
  }
}
