/** What must hold across the keys of a desk file. Each rule names the value to change. */
import { APPROVER, namesWith } from '../domain/roles.js';
import type { BrokenRule } from './broken-rule.js';
import { feeAssetRules } from './fee-assets.js';
import { instrumentRules } from './instrument-rules.js';
import { liveRules } from './live-rules.js';
import type { Desk } from './schema.js';
import { stepRules } from './step-rules.js';
import { strategyRules } from './strategy-rules.js';

export function brokenRules(desk: Desk): readonly BrokenRule[] {
  return [
    ...repeatedNames(desk),
    ...timeZoneRule(desk),
    ...instrumentRules(desk),
    ...feeAssetRules(desk),
    ...strategyRules(desk),
    ...peopleRules(desk),
    ...stepRules(desk),
    ...liveRules(desk),
  ];
}

function repeatedNames(desk: Desk): BrokenRule[] {
  return [
    ...repeated(['feeds'], '', desk.feeds),
    ...repeated(
      ['instruments'],
      'symbol',
      desk.instruments.map((instrument) => instrument.symbol),
    ),
    ...repeated(
      ['strategies'],
      'name',
      desk.strategies.map((strategy) => strategy.name),
    ),
    ...repeated(
      ['routines'],
      'name',
      desk.routines.map((routine) => routine.name),
    ),
    ...repeated(
      ['people'],
      'name',
      desk.people.map((person) => person.name),
    ),
    ...desk.routines.flatMap((routine, index) =>
      repeated(
        ['routines', index, 'steps'],
        'key',
        routine.steps.map((step) => step.key),
      ),
    ),
  ];
}

/** `key` is empty where the list holds plain values. */
function repeated(
  list: readonly (string | number)[],
  key: string,
  values: readonly string[],
): readonly BrokenRule[] {
  return values.flatMap((value, index) => {
    const first = values.indexOf(value);
    if (first === index) {
      return [];
    }
    return [
      {
        path: key === '' ? [...list, index] : [...list, index, key],
        expected: 'each only once',
        found: `${value}, which number ${first + 1} of the list has already`,
        doThis: 'remove it or give it another value',
      },
    ];
  });
}

function timeZoneRule(desk: Desk): BrokenRule[] {
  try {
    new Intl.DateTimeFormat('en', { timeZone: desk.timezone });
    return [];
  } catch {
    return [
      {
        path: ['timezone'],
        expected: 'a time zone of the IANA list',
        found: desk.timezone,
        doThis: 'write for example UTC, Europe/Berlin or America/New_York',
      },
    ];
  }
}

/** A halt that nobody could ever lift would be found out on the worst day. */
function peopleRules(desk: Desk): BrokenRule[] {
  const approvers = namesWith(desk.people, APPROVER).length;
  if (approvers === 0) {
    return [
      {
        path: ['people'],
        expected: 'at least one person with the role approver, who can resume after a person’s stop',
        found: 'none',
        doThis: 'add approver to the roles of a person',
      },
    ];
  }
  return (['startup', 'fault', 'dailyLoss', 'drawdown', 'person'] as const)
    .filter((key) => desk.resume[key] === 'two-people' && approvers < 2)
    .map((key) => ({
      path: ['resume', key],
      expected: 'two people with the role approver, as two-people asks for',
      found: `${approvers}`,
      doThis: 'add a second approver to people, or write person',
    }));
}
