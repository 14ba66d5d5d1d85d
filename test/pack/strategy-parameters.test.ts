/** Parameters of every kind: declared by a file, judged where they are written, changed while the desk trades. */
import { describe, expect, it } from 'vitest';
import { typedFor } from '../../dashboard/src/section/typed-setting.js';
import { backtestDesk } from '../../src/cli/backtest-desk.js';
import { combinationsOf, sweptValue } from '../../src/cli/sweep-backtest.js';
import { settingsInForce } from '../../src/desk/desk-settings.js';
import type { DeclaredValue } from '../../src/domain/declared-value.js';
import { settingsTerms } from '../../src/domain/settings-change.js';
import { settingsSchema } from '../../src/operations/settings/change-settings.js';
import { definitionOf } from '../../src/pack/strategy/own-definition.js';
import { describeStrategies, readStrategies } from '../../src/pack/strategy/read-strategies.js';
import { strategy } from '../../src/pack/strategy/strategy-v1.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { deskText, problemsOf, strategyFolder } from './support/strategy-desk.js';

/** Notes at each bar what it was made with. */
const withParameters = (parameters: string): string => `
import { strategy } from 'fermata/strategy';
export default strategy({
  suits: 'trending',
  parameters: ${parameters},
  create: ({ parameters }) => ({
    warmupBars: 0,
    onBar: (desk) => desk.note(JSON.stringify(parameters)),
    state: () => '',
  }),
});
`;
const EVERY_KIND = `{
  bars: { whole: true, min: 1, max: 50, default: 5, meaning: 'bars' },
  direction: { type: 'choice', choices: ['long', 'short', 'both'], default: 'both', meaning: 'what it trades' },
  trails: { type: 'boolean', default: false, meaning: 'the stop follows' },
  opens: { type: 'time', default: '09:30', meaning: 'no entry before' },
  label: { type: 'text', maxLength: 8, default: '', meaning: 'said with each entry' },
}`;

/** A declaration, and why it is refused. */
const WRONG: readonly (readonly [string, string])[] = [
  [
    "{ type: 'colour', default: 'red' }",
    'type: expected number, choice, boolean, time or text, found "colour"',
  ],
  ["{ type: 'choice', choices: ['one'], default: 'one' }", 'choices: expected 2 to 20 words'],
  ["{ type: 'choice', choices: ['a', 'a'], default: 'a' }", 'choices: expected 2 to 20 words'],
  ["{ type: 'choice', choices: ['a,b', 'c'], default: 'c' }", 'choices: expected 2 to 20 words'],
  ["{ type: 'choice', choices: ['a', 'b'], default: 'c' }", 'default: expected one of a, b, found "c"'],
  ["{ type: 'boolean', default: 'true' }", 'default: expected true or false, found "true"'],
  ["{ type: 'time', default: '24:00' }", 'default: expected a time of day such as "09:30", found "24:00"'],
  ["{ type: 'time', default: 570 }", 'default: expected a time of day such as "09:30", found 570'],
  ["{ type: 'text', maxLength: 2, default: 'abc' }", 'default: expected text of at most 2 characters'],
  [
    "{ type: 'text', maxLength: 201, default: '' }",
    'maxLength: expected a whole number from 1 to 200, found 201',
  ],
  ["{ whole: 'yes', min: 1, max: 2, default: 1 }", 'whole: expected true or false, found "yes"'],
  ['{ min: 1, max: 2, default: 3 }', 'a default that is not within its own bounds'],
  ["{ min: 1, max: 2, default: 1, environment: 'HOME' }", 'environment: expected, of a number alone, a name'],
  ["{ type: 'boolean', default: true, environment: 'IS_ON' }", 'environment: expected, of a number alone'],
];

const kind = './strategies/kinds.ts';
const { folder, write } = strategyFolder();
write('strategies/kinds.ts', withParameters(EVERY_KIND));

const deskWith = (parameters: Readonly<Record<string, unknown>>, name = 'desk.yaml') =>
  loadDesk(write(name, deskText({ kind, parameters })));

/** The desk file's name is part of each key. */
const keyOf = (name: string): string => `strategies.ema-cross.parameters.${name}`;

describe('a file', () => {
  it('declares parameters of every kind', () => {
    const [found] = describeStrategies(folder, ['strategies/kinds.ts']);
    expect(found?.parameters).toEqual([
      { name: 'bars', whole: true, min: 1, max: 50, default: 5, meaning: 'bars' },
      {
        ...{ name: 'direction', type: 'choice', choices: ['long', 'short', 'both'], default: 'both' },
        meaning: 'what it trades',
      },
      { name: 'trails', type: 'boolean', default: false, meaning: 'the stop follows' },
      { name: 'opens', type: 'time', default: '09:30', meaning: 'no entry before' },
      { name: 'label', type: 'text', maxLength: 8, default: '', meaning: 'said with each entry' },
    ]);
  });

  it('that declares what is no parameter is refused with its name', () => {
    const files = strategyFolder();
    const names = WRONG.map(([spec], at) => {
      const meant = spec.replace(' }', ", meaning: 'of it' }");
      files.write(`strategies/w${at}.ts`, withParameters(`{ wrong: ${meant} }`));
      return `strategies/w${at}.ts`;
    });
    expect(problemsOf(() => describeStrategies(files.folder, names))).toEqual(
      WRONG.map(([, why], at) => expect.stringMatching(`^strategies/w${at}.ts parameters.wrong: ${why}`)),
    );
  });
});

describe('a desk file', () => {
  it.each([
    ['direction', 'up', 'one of long, short, both'],
    ['direction', 1, 'one of long, short, both'],
    ['trails', 'yes', 'true or false'],
    ['opens', '9:30', 'a time of day such as "09:30"'],
    ['label', 'much too long', 'text of at most 8 characters'],
    ['label', 'a\u202eb', 'text of at most 8 characters, without control and direction characters'],
    ['bars', 'many', 'a whole number from 1 to 50'],
    ['bars', true, 'a whole number from 1 to 50'],
  ])('that sets %s to %j is refused with its key and what is expected', (name, value, expected) => {
    expect(() => deskWith({ [name]: value }, 'wrong.yaml')).toThrow(
      `strategies[0].parameters.${name}: expected ${expected}`,
    );
  });

  it('says values as people write them, each a setting with what it may be', () => {
    const { desk } = deskWith({ direction: 'long', opens: '10:15', trails: true });
    const settings = settingsInForce(desk, { [keyOf('label')]: 'b' });
    const shown = (name: string) => settings.find(({ key }) => key === keyOf(name));
    expect(shown('direction')).toMatchObject({
      ...{ type: 'choice', choices: ['long', 'short', 'both'], tighter: 'neither' },
      ...{ value: 'long', fileValue: 'long' },
    });
    expect(shown('trails')).toMatchObject({ type: 'boolean', value: true });
    expect(shown('opens')).toMatchObject({ type: 'time', value: '10:15' });
    expect(shown('label')).toMatchObject({ type: 'text', maxLength: 8, value: 'b', fileValue: '' });
    expect(shown('bars')).toMatchObject({ whole: true, min: 1, max: 50, value: 5 });
  });

  it('describes them in the API as they are', () => {
    const settings = settingsInForce(deskWith({ direction: 'long' }).desk, {});
    expect(settingsSchema.shape.settings.parse(settings)).toEqual(settings);
  });

  it('has another hash with each of them', () => {
    const values = [{}, { direction: 'long' }, { trails: true }, { opens: '10:00' }, { label: 'x' }];
    expect(new Set(values.map((parameters) => deskWith(parameters).configHash)).size).toBe(values.length);
  });
});

describe('the page', () => {
  const typed = (name: string, text: string) => {
    const settings = settingsInForce(deskWith({}).desk, {});
    const setting = settings.find(({ key }) => key === keyOf(name));
    const found = typedFor(setting as Parameters<typeof typedFor>[0], text);
    if (found === null) return 'nothing new';
    return 'problem' in found ? found.problem : [found.to, found.loosens];
  };

  it.each([
    ['direction', 'long', ['long', true]],
    ['direction', 'up', 'one of long, short, both'],
    ['trails', 'true', [true, true]],
    ['trails', 'false', 'nothing new'],
    ['opens', '10:15', ['10:15', true]],
    ['opens', '9:30', 'a time such as 09:30'],
    ['label', 'x', ['x', true]],
    ['label', 'much too long', 'at most 8 characters'],
    ['bars', '7', [7, true]],
    ['bars', '7.5', 'a whole number from 1 to 50'],
  ])('reads %s typed as %j', (name, text, expected) => {
    expect(typed(name, text)).toEqual(expected);
  });
});

describe('a backtest', () => {
  const set = (key: string, value: string) =>
    backtestDesk(deskWith({}), { set: [{ key, value }] }).desk.strategies[0]?.parameters[key];

  it('sets them as they are written behind --set', () => {
    expect([
      set('direction', 'short'),
      set('trails', 'true'),
      set('opens', '10:15'),
      set('bars', '7'),
    ]).toEqual(['short', true, '10:15', 7]);
    // A text of digits is no number.
    expect(set('label', '007')).toBe('007');
  });

  it.each([
    ['direction', 'up', '--set: direction: expected one of long, short, both; found up'],
    ['trails', '1', '--set: trails: expected true or false; found 1'],
    ['opens', '25:00', '--set: opens: expected a time of day such as "09:30"; found 25:00'],
    ['bars', 'seven', '--set: bars is a number; found seven'],
  ])('refuses %s=%s by name', (key, value, words) => {
    expect(() => set(key, value)).toThrow(words);
  });

  it('tries a list of them', () => {
    const swept = ['direction=long,short', 'trails=true,false', 'opens=09:30,10:00'].map(sweptValue);
    const desks = combinationsOf(swept).map((values) => backtestDesk(deskWith({}), { set: values }));
    expect(desks.map(({ desk }) => Object.values(desk.strategies[0]?.parameters ?? {}))).toContainEqual([
      ...['short', false, '10:00'],
    ]);
    expect(new Set(desks.map(({ configHash }) => configHash)).size).toBe(8);
  });
});

describe('in the engine', () => {
  const desk = (
    records: DeskUnderTest['records'] = [],
    parameters: Record<string, DeclaredValue> = {},
    file = kind,
  ) => {
    const own = definitionOf(readStrategies(folder, [file]).get(file)!);
    const listed = { name: 'ema-cross', kind, symbols: ['BTC/USDT'], enabled: true, parameters, own };
    return new DeskUnderTest({ strategies: [listed] }, 1, records);
  };
  const change = (of: DeskUnderTest, values: Record<string, DeclaredValue>, approvedBy: string[] = []) =>
    of.command({ name: 'reload', baseVersion: of.engine.view.settings.version, values, approvedBy });
  const madeWith = (of: DeskUnderTest): unknown => {
    of.bar(0, 10_000);
    return JSON.parse(of.recorded('note').at(-1)?.text ?? '');
  };

  it('a strategy gets them in its own terms: a time as minutes since midnight, what is left out by default', () => {
    expect(madeWith(desk([], { opens: '10:15', trails: true }).active())).toEqual({
      ...{ bars: 5, direction: 'both', trails: true, opens: 615, label: '' },
    });
  });

  it('they change by approval alone, and the strategy begins anew with them', () => {
    const trading = desk().active();
    expect(change(trading, { [keyOf('direction')]: 'up' }, ['anna'])).toMatchObject({
      ...{ ok: false, code: 'bad-setting' },
      message: `${keyOf('direction')}: expected one of long, short, both, found "up"`,
    });
    expect(change(trading, { [keyOf('opens')]: '10:15' })).toMatchObject({
      ...{ ok: false, code: 'approval-needed' },
      message: expect.stringContaining(`${keyOf('opens')} "09:30" → "10:15"`),
    });
    const values = { [keyOf('opens')]: '10:15', [keyOf('trails')]: true, [keyOf('label')]: 'a' };
    expect(change(trading, values, ['anna'])).toMatchObject({ ok: true });
    expect(madeWith(trading)).toMatchObject({ opens: 615, trails: true, label: 'a', direction: 'both' });
    expect(trading.recorded('settings')).toMatchObject([
      { changed: values, fileValues: { [keyOf('opens')]: '09:30', [keyOf('trails')]: false } },
    ]);
  });

  it('a restart goes on with what was changed, and a replay of the records has the same hash', () => {
    const trading = desk().active();
    change(trading, { [keyOf('opens')]: '10:15', [keyOf('trails')]: true }, ['anna']);
    const hash = trading.engine.stateHash();
    // As a journal keeps them.
    const kept = JSON.parse(JSON.stringify(trading.records)) as DeskUnderTest['records'];
    const again = desk(kept);
    expect(again.engine.stateHash()).toBe(hash);
    expect(madeWith(again.begin())).toMatchObject({ opens: 615, trails: true });
  });

  it('a start on an edited strategy gives up what it takes no more, says so, and keeps the rest', () => {
    const trading = desk().active();
    change(trading, { [keyOf('direction')]: 'short', [keyOf('trails')]: true }, ['anna']);
    write('strategies/edited.ts', withParameters(EVERY_KIND.replace("'long', 'short'", "'long'")));
    const again = desk(trading.records, {}, './strategies/edited.ts').begin();
    expect(madeWith(again)).toMatchObject({ direction: 'both', trails: true });
    expect(again.recorded('settings').at(-1)).toMatchObject({
      ...{ changes: [{ key: keyOf('direction'), from: 'short', to: 'both' }], by: 'fermata' },
      changed: { [keyOf('trails')]: true },
    });
  });
});

it('what people approve says texts in quotes, so that no value can pass for another', () => {
  const terms = (from: string, to: string) =>
    settingsTerms({ incarnation: 'i', version: 1, changes: [{ key: 'k', from, to }] }).parameters;
  expect(terms('a', 'b → c')).toEqual({ k: '"a" → "b → c"' });
  expect(terms('a → b', 'c')).not.toEqual(terms('a', 'b → c'));
  expect(
    settingsTerms({ incarnation: 'i', version: 1, changes: [{ key: 'k', from: 1, to: 2.5 }] }),
  ).toMatchObject({ parameters: { k: '1 → 2.5' } });
});

it('a file’s own code has them by their types', () => {
  const made = strategy({
    suits: 'ranging',
    parameters: {
      bars: { min: 1, max: 5, default: 2, meaning: 'bars' },
      direction: { type: 'choice', choices: ['long', 'short'], default: 'long', meaning: 'what it trades' },
      trails: { type: 'boolean', default: false, meaning: 'the stop follows' },
      opens: { type: 'time', default: '09:30', meaning: 'no entry before' },
      label: { type: 'text', default: '', meaning: 'said with each entry' },
    },
    create({ parameters }) {
      // The compiler is the judge of these.
      const direction: 'long' | 'short' = parameters.direction;
      const numbers: readonly number[] = [parameters.bars, parameters.opens];
      const trails: boolean = parameters.trails;
      const text = `${direction} ${trails} ${parameters.label.trim()}`;
      return { warmupBars: 0, onBar: (desk) => desk.note(text), state: () => numbers.join() };
    },
  });
  expect(made.kind).toBe('strategy');
});
