import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { STEP_PARTS } from '../../src/checks/registry.js';
import { DeskFileError, type DeskProblem } from '../../src/desk/problem.js';
import { parseDesk } from '../../src/venue/load-desk.js';
import { BROKEN_FORM } from './broken-form.js';
import { BROKEN_MEANING } from './broken-meaning.js';

const GOOD = readFileSync(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url), 'utf8');

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
    parseDesk('desk.yaml', text, { parts: STEP_PARTS });
  } catch (error) {
    if (error instanceof DeskFileError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}

describe('a broken desk file', () => {
  it.each([...BROKEN_FORM, ...BROKEN_MEANING])('$kind: names line, key, expected and found', (one) => {
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
    const step = 'title: Market data fresh, onFail: halt';
    const live = broken('mode: paper # TRADING_MODE', 'mode: live').replace(step, `${step}, resume: auto`);
    expect(problemsOf(live)).toContainEqual(
      expect.objectContaining({ key: 'routines[0].steps[1].resume', found: 'auto' }),
    );
  });

  it.each([
    [1, 2, 'add an approver, or write needed: 1 and wait the cooling-off'],
    [2, 3, 'add an approver, or write needed: 2'],
    [2, 4, 'add 2 approvers, or write needed: 2'],
  ])('with %i approvers, where %i have to agree, is told how to go on', (have, needed, doThis) => {
    const people = Array.from({ length: have }, (_, at) => `{ name: p${at}, roles: [operator, approver] }`);
    const live = broken('mode: paper # TRADING_MODE', 'mode: live')
      .replace(/^people:.*\n(?: .*\n)*/m, `people: [${people.join(', ')}]\n`)
      .replace(/^goLive:/m, `goLive:\n  needed: ${needed}`);
    const found = problemsOf(live).find(({ key }) => key === 'goLive.needed');
    expect(found).toMatchObject({ found: `${have}`, doThis });
  });

  it('with real money goes to a venue that takes its orders, and what it trades is of that venue', () => {
    const live = (edit: (text: string) => string) =>
      problemsOf(edit(broken('mode: paper # TRADING_MODE', 'mode: live'))).filter(
        ({ key }) => !/^(resume|goLive)/.test(key),
      );
    expect(live((text) => text.replace('name: binance', 'name: kraken'))).toMatchObject([
      {
        key: 'venue.name',
        expected: 'one of binance, ibkr, for mode: live',
        found: 'kraken',
        doThis: 'write name: binance, or mode: paper',
      },
    ]);
    const contract = (text: string) =>
      text.replace(/( *)- symbol: BTC\/USDT\n/, (line, indent) => `${line}${indent}  kind: linear\n`);
    expect(live(contract)).toMatchObject([
      {
        key: 'instruments[0].kind',
        expected: 'spot, since orders go to a spot account',
        found: 'linear (BTC/USDT)',
        doThis: 'write kind: spot',
      },
    ]);
  });

  it('takes the paper account of a broker only where one keeps it, for paper money', () => {
    const kept = 'name: binance\n  account: broker-paper';
    const accountOf = (text: string) => problemsOf(text).filter(({ key }) => key.startsWith('venue.'));
    expect(accountOf(broken('name: binance', kept))).toMatchObject([
      { key: 'venue.account', expected: 'broker-paper at ibkr only, which keeps paper accounts' },
    ]);
    const atBroker = broken('name: binance', kept.replace('binance', 'ibkr'));
    expect(accountOf(atBroker.replace('testnet: true', 'testnet: false'))).toMatchObject([
      { key: 'venue.testnet', expected: 'true, with account: broker-paper' },
    ]);
    expect(accountOf(atBroker.replace('mode: paper', 'mode: live'))).toMatchObject([
      { key: 'venue.account', expected: 'no account, with mode: live', found: 'broker-paper' },
    ]);
  });

  it('names every problem at once, in the order of the file', () => {
    const text = broken('version: 1', 'version: 2')
      .replace('  seed: 7', '  sed: 7')
      .replace('port: 8000', 'port: -1');
    const lines = problemsOf(text).map(({ line }) => line ?? 0);
    expect(lines).toHaveLength(3);
    expect(lines).toEqual(lines.toSorted((left, right) => left - right));
  });

  it('that was only begun is one problem, which names what is missing and how to come by it', () => {
    const [problem, ...more] = problemsOf('version: 1\ndesk: my-desk\nmode: paper\n');
    expect(more).toEqual([]);
    expect(problem?.expected).toMatch(/^the keys venue, .*risk, people as well$/);
    expect(problem?.doThis).toContain('fermata init');
    const misspelt = problemsOf('version: 1\ndesk: my-desk\nmode: papre\n');
    expect(misspelt.map(({ key }) => key)).toEqual(['', 'mode']);
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
