/** A strategy trades this desk's instruments, with the parameters that its kind declares. */
import { STRATEGIES } from '../engine/strategies/registry.js';
import type { ParameterSpec } from '../engine/strategies/strategy.js';
import type { BrokenRule } from './broken-rule.js';
import { closestName } from './closest-name.js';
import type { Desk, DeskStrategy } from './schema.js';

export function strategyRules(desk: Desk): BrokenRule[] {
  const known = desk.instruments.map((instrument) => instrument.symbol);
  return desk.strategies.flatMap((strategy, index) => [
    ...symbolRules(strategy, index, known),
    ...parameterRules(strategy, index),
  ]);
}

function symbolRules(strategy: DeskStrategy, index: number, known: readonly string[]): BrokenRule[] {
  return strategy.symbols.flatMap((symbol, at) => {
    const path = ['strategies', index, 'symbols', at];
    if (!known.includes(symbol)) {
      return [
        {
          path,
          expected: `one of the desk’s instruments (${known.join(', ')})`,
          found: symbol,
          doThis: 'add it to instruments, or take it out here',
        },
      ];
    }
    return strategy.symbols.indexOf(symbol) === at
      ? []
      : [{ path, expected: 'each symbol only once', found: symbol, doThis: 'remove it' }];
  });
}

function parameterRules(strategy: DeskStrategy, index: number): BrokenRule[] {
  const declared = STRATEGIES.get(strategy.kind)?.parameters ?? [];
  const names = declared.map(({ name }) => name);
  return Object.entries(strategy.parameters).flatMap(([name, value]) => {
    const path = ['strategies', index, 'parameters', name];
    const range = declared.find((spec) => spec.name === name);
    if (range === undefined) {
      const near = closestName(name, names);
      return [
        {
          path,
          expected: `a parameter of ${strategy.kind} (${names.join(', ')})`,
          found: name,
          doThis: near === null ? `remove ${name}` : `write ${near} instead of ${name}`,
        },
      ];
    }
    return isWithin(value, range)
      ? []
      : [
          {
            path,
            expected: rangeText(range),
            found: String(value),
            doThis: `write a number within these bounds; the default is ${range.default}`,
          },
        ];
  });
}

function isWithin(value: number, range: ParameterSpec): boolean {
  return value >= range.min && value <= range.max && (!range.whole || Number.isInteger(value));
}

function rangeText(range: ParameterSpec): string {
  return `a ${range.whole ? 'whole ' : ''}number from ${range.min} to ${range.max}`;
}
