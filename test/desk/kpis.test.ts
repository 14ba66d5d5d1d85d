/** `kpis` of the desk file: what it takes, and what it says of a mistake. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { DeskFileError } from '../../src/desk/problem.js';
import { parseDesk } from '../../src/venue/load-desk.js';
import { CRYPTO_DESK } from '../cli/trader-double.js';

const SHIPPED = parse(readFileSync(CRYPTO_DESK, 'utf8')) as { readonly routines: readonly object[] };
const WATCHED = { key: 'kpis', check: 'kpis', title: 'KPIs' };
const AIM = { reading: 'winRate', minimumSample: 30, days: 90, aim: { atLeast: 47.6 } };
const ALARM = { reading: 'drawdown', alarm: { above: 5 } };

/** `step`: of a routine of its own; null: none. */
const load = (kpis: object, step: object | null = WATCHED) =>
  parseDesk(
    'desk.yaml',
    stringify({
      ...SHIPPED,
      kpis,
      routines: [
        ...SHIPPED.routines,
        ...(step === null ? [] : [{ name: 'own', title: 'Own', at: ['05:00'], steps: [step] }]),
      ],
    }),
  ).desk;

function problemsOf(kpis: object, step?: object | null) {
  try {
    load(kpis, step);
  } catch (error) {
    if (error instanceof DeskFileError)
      return error.problems.map(({ key, expected, found, doThis }) => ({ key, expected, found, doThis }));
    throw error;
  }
  return [];
}

describe('KPIs in a desk file', () => {
  it('are taken as they stand, in any of the units of their reading', () => {
    const kpis = {
      'win-rate': AIM,
      drawdown: ALARM,
      fees: { reading: 'fees', unit: 'USDT', aim: { atMost: 100 } },
      decisions: { reading: 'approvalTime', unit: 'h', aim: { atMost: 2 } },
      memory: { reading: 'traderMemory', unit: 'GB', alarm: { above: 1 } },
    };
    expect(load(kpis).kpis).toEqual(kpis);
  });

  it.each<
    [string, object, string, { readonly expected: string; readonly found: string; readonly doThis: string }]
  >([
    [
      'a reading that is none',
      { ...AIM, reading: 'winrate' },
      'kpis.one.reading',
      {
        expected: expect.stringContaining('one of trades, winRate, profitFactor') as never,
        found: '"winrate"',
        doThis: expect.stringContaining('write one of trades, winRate') as never,
      },
    ],
    [
      'no reading',
      { aim: { atLeast: 1 } },
      'kpis.one.reading',
      {
        expected: expect.stringContaining('one of trades') as never,
        found: 'nothing',
        doThis: 'add the key reading',
      },
    ],
    [
      'neither alarm nor aim',
      { reading: 'winRate' },
      'kpis.one',
      { expected: 'one of alarm and aim', found: 'none of them', doThis: 'add alarm or aim' },
    ],
    [
      'both',
      { ...AIM, alarm: { below: 40 } },
      'kpis.one',
      { expected: 'one of alarm and aim', found: 'both', doThis: 'remove one, or write a second KPI for it' },
    ],
    [
      'an alarm without a bound',
      { reading: 'winRate', alarm: {} },
      'kpis.one.alarm',
      { expected: 'one of above and below', found: 'none of them', doThis: 'add above or below' },
    ],
    [
      'an aim with two bounds',
      { reading: 'winRate', aim: { atLeast: 40, atMost: 60 } },
      'kpis.one.aim',
      {
        expected: 'one of atLeast and atMost',
        found: 'both',
        doThis: 'remove one, or write a second KPI for it',
      },
    ],
    [
      'a bound of an aim in an alarm',
      { reading: 'winRate', alarm: { below: 40, atLeast: 40 } },
      'kpis.one.alarm.atLeast',
      {
        expected: 'one of the keys above, below',
        found: 'the unknown key atLeast',
        doThis: 'remove atLeast',
      },
    ],
    [
      'a bound in quotes',
      { reading: 'winRate', aim: { atLeast: '47.6' } },
      'kpis.one.aim.atLeast',
      { expected: 'a number', found: '"47.6"', doThis: 'write a number' },
    ],
    [
      'a sample of nothing',
      { ...AIM, minimumSample: 0 },
      'kpis.one.minimumSample',
      { expected: 'a number of at least 1', found: 'number 0', doThis: 'write a number of at least 1' },
    ],
    [
      'a sample of what is not counted',
      { ...ALARM, minimumSample: 5 },
      'kpis.one.minimumSample',
      { expected: 'no such key here', found: '5', doThis: 'remove it: drawdown is counted over nothing' },
    ],
    [
      'days of what stands now',
      { ...ALARM, days: 7 },
      'kpis.one.days',
      { expected: 'no such key here', found: '7', doThis: 'remove it: drawdown is what stands now' },
    ],
    [
      'a unit of another kind',
      { reading: 'fillTime', unit: '%', aim: { atMost: 100 } },
      'kpis.one.unit',
      { expected: 'one of ms, s, min, h, d', found: '%', doThis: 'write one of these, or remove unit' },
    ],
    [
      'another currency',
      { reading: 'fees', unit: 'EUR', aim: { atMost: 100 } },
      'kpis.one.unit',
      { expected: 'USDT, the unit of fees', found: 'EUR', doThis: 'write USDT, or remove unit' },
    ],
    [
      'a unit of a plain number',
      { reading: 'sharpe', unit: '%', aim: { atLeast: 1 } },
      'kpis.one.unit',
      { expected: 'no such key here', found: '%', doThis: 'remove it: Sharpe ratio is a plain number' },
    ],
  ])('say of %s which key it is, what was expected, and what to do', (_, kpi, key, problem) => {
    expect(problemsOf({ one: kpi })).toEqual([{ key, ...problem }]);
  });

  it('have names like those of steps', () => {
    expect(problemsOf({ 'Win rate': AIM })).toEqual([
      {
        key: 'kpis.Win rate',
        expected: 'a name of 1 to 40 lower case letters, digits and dashes, a letter first',
        found: '"Win rate"',
        doThis: 'give Win rate such a name',
      },
    ]);
  });

  it('that are an alarm have a step of a routine that tells people', () => {
    expect(problemsOf({ rate: AIM }, null)).toEqual([]);
    const unseen = [
      {
        key: 'kpis.drawdown.alarm',
        expected: 'a step of a routine that looks at it and tells people',
        found: 'none',
        doThis: 'add { key: kpis, check: kpis, title: KPIs } to the steps of a routine, or make it an aim',
      },
    ];
    expect(problemsOf({ drawdown: ALARM }, null)).toEqual(unseen);
    expect(problemsOf({ drawdown: ALARM }, { ...WATCHED, onFail: 'note' })).toEqual(unseen);
    const named = (names: string) => ({ ...WATCHED, with: { names } });
    expect(problemsOf({ drawdown: ALARM, rate: AIM }, named('rate'))).toEqual(unseen);
    expect(problemsOf({ drawdown: ALARM, rate: AIM }, named('rate, drawdown'))).toEqual([]);
  });

  it('that a step names have to be there', () => {
    expect(problemsOf({ rate: AIM }, { ...WATCHED, with: { names: 'rtae' } })).toEqual([
      {
        key: expect.stringMatching(/^routines\[\d+\]\.steps\[0\]\.with\.names$/),
        expected: 'KPIs of this file: rate',
        found: 'rtae',
        doThis: 'write rate',
      },
    ]);
  });
});
