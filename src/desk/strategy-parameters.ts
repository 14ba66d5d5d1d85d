/** Which numbers each kind of strategy takes. */
import type { DeskStrategy } from './schema.js';

export interface ParameterRange {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

const PARAMETERS: Readonly<Record<DeskStrategy['kind'], Readonly<Record<string, ParameterRange>>>> = {
  emaCross: {
    fastBars: { default: 5, min: 1, max: 500, whole: true },
    slowBars: { default: 13, min: 2, max: 1000, whole: true },
    atrBars: { default: 14, min: 1, max: 500, whole: true },
    atrStopMultiple: { default: 3, min: 0.1, max: 20, whole: false },
    entryRestBars: { default: 3, min: 1, max: 100, whole: true },
    entryOffsetTicks: { default: 1, min: 0, max: 10_000, whole: true },
  },
};

export function parametersOf(kind: DeskStrategy['kind']): Readonly<Record<string, ParameterRange>> {
  return PARAMETERS[kind];
}
