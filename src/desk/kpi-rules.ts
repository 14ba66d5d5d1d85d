/** Rules within a KPI, and the rule that people are notified of each alarm. */

import { type DeskKpi, termsOf, unitsOf } from './kpi-schema.js';
import { stepLists } from './own-steps.js';
import type { BrokenRule } from './problem.js';
import type { Desk } from './schema.js';
import { closestName } from './typed-names.js';

/** The KPIs that a step names, separated by spaces or commas; empty: all. */
export const kpiNames = (names: string): readonly string[] =>
  names.split(/[\s,]+/).filter((name) => name !== '');

export function kpiRules(desk: Desk): BrokenRule[] {
  const kpis = Object.entries(desk.kpis ?? {});
  return [
    ...kpis.flatMap(([name, kpi]) => ofOne(['kpis', name], kpi, desk.paper.currency)),
    ...stepRules(desk),
  ];
}

type Path = readonly (string | number)[];

function ofOne(path: Path, kpi: DeskKpi, currency: string): BrokenRule[] {
  const { reading, alarm, aim, minimumSample, days } = kpi;
  const { title, of, looksBack } = termsOf(reading);
  return [
    ...oneOf(path, ['alarm', 'aim'], kpi),
    ...(alarm === undefined ? [] : oneOf([...path, 'alarm'], ['above', 'below'], alarm)),
    ...(aim === undefined ? [] : oneOf([...path, 'aim'], ['atLeast', 'atMost'], aim)),
    ...unitRule([...path, 'unit'], kpi, currency),
    ...(minimumSample === undefined || of !== null
      ? []
      : [without([...path, 'minimumSample'], minimumSample, `${title} is counted over nothing`)]),
    ...(days === undefined || looksBack
      ? []
      : [without([...path, 'days'], days, `${title} is what stands now`)]),
  ];
}

function oneOf<K extends string>(
  path: Path,
  known: readonly [K, K],
  group: { readonly [Key in K]?: unknown },
): BrokenRule[] {
  const given = known.filter((key) => group[key] !== undefined);
  if (given.length === 1) return [];
  const [found, doThis] =
    given.length === 0
      ? ['none of them', `add ${known[0]} or ${known[1]}`]
      : ['both', 'remove one, or write a second KPI for it'];
  return [{ path, expected: `one of ${known.join(' and ')}`, found, doThis }];
}

function unitRule(path: Path, { reading, unit }: DeskKpi, currency: string): BrokenRule[] {
  const known = unitsOf(reading, currency);
  if (unit === undefined || known.includes(unit)) return [];
  const { title } = termsOf(reading);
  if (known.length === 0) return [without(path, unit, `${title} is a plain number`)];
  return [
    {
      path,
      expected: known.length === 1 ? `${known[0]}, the unit of ${title}` : `one of ${known.join(', ')}`,
      found: unit,
      doThis: `write ${known.length === 1 ? known[0] : 'one of these'}, or remove unit`,
    },
  ];
}

const without = (path: Path, found: string | number, why: string): BrokenRule => ({
  ...{ path, expected: 'no such key here', found: String(found), doThis: `remove it: ${why}` },
});

const namesOf = ({ names }: Readonly<Record<string, unknown>>): readonly string[] =>
  kpiNames(String(names ?? ''));

/** Every KPI that a step names must exist, and each alarm needs a step that notifies somebody. */
function stepRules(desk: Desk): BrokenRule[] {
  const kpis = desk.kpis ?? {};
  const known = Object.keys(kpis);
  const unknown = stepLists(desk).flatMap(({ path, steps }) =>
    steps.flatMap((step, at) =>
      step.check !== 'kpis'
        ? []
        : namesOf(step.with)
            .filter((name) => !known.includes(name))
            .map((name) => unknownName([...path, at], name, known)),
    ),
  );
  const telling = desk.routines.flatMap(({ steps, tellResults }) =>
    steps.filter(({ check, onFail }) => check === 'kpis' && (onFail !== 'note' || tellResults === true)),
  );
  const isTold = (name: string): boolean =>
    telling.some(({ with: given }) => namesOf(given).length === 0 || namesOf(given).includes(name));
  const untold = known
    .filter((name) => kpis[name]?.alarm !== undefined && !isTold(name))
    .map((name) => ({
      path: ['kpis', name, 'alarm'],
      expected: 'a step of a routine that looks at it and tells people',
      found: 'none',
      doThis: 'add { key: kpis, check: kpis, title: KPIs } to the steps of a routine, or make it an aim',
    }));
  return [...unknown, ...untold];
}

function unknownName(step: Path, found: string, known: readonly string[]): BrokenRule {
  const near = closestName(found, known);
  return {
    path: [...step, 'with', 'names'],
    expected:
      known.length === 0 ? 'KPIs of this file, which has none' : `KPIs of this file: ${known.join(', ')}`,
    found,
    doThis: near === null ? 'name one of these, or remove names' : `write ${near}`,
  };
}
