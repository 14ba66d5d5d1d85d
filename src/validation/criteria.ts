/** The go/no-go criteria: the required values, the measured ones, and the shortfall. Pure. */
import type { ValidationShown } from '../contracts/published.js';
import { grouped } from '../domain/figure-text.js';

export interface Criteria {
  readonly minTrades: number;
  readonly minWinRatePct: number;
  readonly minSharpe: number;
  readonly maxDrawdownPct: number;
}

type CriterionName = keyof Criteria;

/** Null: it can't be computed. */
export interface Measured {
  readonly trades: number;
  readonly winRatePct: number | null;
  readonly sharpe: number | null;
  readonly maxDrawdownPct: number;
}

export type CriterionResult = ValidationShown['verdicts'][number];

interface Definition {
  readonly name: CriterionName;
  readonly title: string;
  readonly bound: 'at least' | 'at most';
  readonly unit: string;
  readonly places: number;
  readonly unsayable: string;
  readonly observed: (measured: Measured) => number | null;
}

/** In the order of the report. */
const DEFINITIONS: readonly Definition[] = [
  {
    name: 'minTrades',
    title: 'Trades',
    bound: 'at least',
    unit: '',
    places: 0,
    unsayable: '',
    observed: ({ trades }) => trades,
  },
  {
    name: 'minWinRatePct',
    title: 'Win rate',
    bound: 'at least',
    unit: ' %',
    places: 2,
    unsayable: 'no trade was closed',
    observed: ({ winRatePct }) => winRatePct,
  },
  {
    name: 'minSharpe',
    title: 'Sharpe ratio',
    bound: 'at least',
    unit: '',
    places: 2,
    unsayable: 'it needs two full hours in which equity moved',
    observed: ({ sharpe }) => sharpe,
  },
  {
    name: 'maxDrawdownPct',
    title: 'Maximum drawdown',
    bound: 'at most',
    unit: ' %',
    places: 2,
    unsayable: '',
    observed: ({ maxDrawdownPct }) => maxDrawdownPct,
  },
];

export function judge(criteria: Criteria, measured: Measured): readonly CriterionResult[] {
  return DEFINITIONS.map((definition) => judgeOne(definition, criteria[definition.name], measured));
}

function judgeOne(definition: Definition, threshold: number, measured: Measured): CriterionResult {
  const { name, title, bound } = definition;
  const observed = definition.observed(measured);
  const missing =
    observed === null ? null : bound === 'at least' ? threshold - observed : observed - threshold;
  const passed = missing !== null && missing <= 0;
  const shortfall = missing === null ? null : Math.max(0, missing);
  const text = `${title} ${lineOf(definition, threshold, observed, shortfall)}`;
  return { name, title, bound, threshold, observed, passed, shortfall, text };
}

function lineOf(
  { bound, unit, places, unsayable }: Definition,
  threshold: number,
  observed: number | null,
  shortfall: number | null,
): string {
  const asked = `${bound} ${threshold}${unit}`;
  if (observed === null || shortfall === null) return `can't be said (${unsayable}); ${asked} is asked for`;
  const shown = `${shownAgainst(observed, threshold, places)}${unit}, ${asked} is asked for`;
  if (shortfall === 0) return shown;
  return `${shown}: ${shownAgainst(shortfall, 0, places)}${unit} too ${bound === 'at least' ? 'little' : 'much'}`;
}

/** Rounded, but with enough places that a missed threshold never looks met. */
function shownAgainst(value: number, threshold: number, places: number): string {
  for (let more = places; more < 12; more += 1) {
    const text = value.toFixed(more);
    if (Number(text) !== threshold || value === threshold) return text;
  }
  return String(value);
}

/** Threshold, measured value and shortfall as a table shows them, with the criterion's unit. */
export function verdictCells(
  verdict: CriterionResult,
): readonly [asked: string, found: string, missedBy: string] {
  const { bound, threshold, observed, shortfall, passed } = verdict;
  const { unit = '', places = 2 } = DEFINITIONS.find(({ name }) => name === verdict.name) ?? {};
  return [
    `${bound} ${threshold}${unit}`,
    observed === null ? 'can’t be said' : `${grouped(shownAgainst(observed, threshold, places))}${unit}`,
    passed ? '' : shortfall === null ? '–' : `${shownAgainst(shortfall, 0, places)}${unit}`,
  ];
}

/** Which of `asked` are less strict than `standard`, in words. */
export function looserThan(asked: Criteria, standard: Criteria): readonly string[] {
  return DEFINITIONS.flatMap(({ name, title, bound, unit }) => {
    const looser = bound === 'at least' ? asked[name] < standard[name] : asked[name] > standard[name];
    if (!looser) return [];
    return [
      `${title}: ${bound} ${asked[name]}${unit} was asked for, the desk file asks for ${standard[name]}${unit}`,
    ];
  });
}
