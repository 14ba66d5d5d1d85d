/**
 * The report of a validation: the figures, what was wrong with the data, and GO or NO-GO with every reason. Below, the
 * criteria that it is judged by: the required values, the measured ones, and the shortfall.
 */

import type { Coverage, DataProblem } from '../../backtest/measure/data-problems.js';
import type { ReportedTrade as TradeOfRun } from '../../backtest/measure/trades-seen.js';
import type { BacktestReport } from '../../backtest/report/build-report.js';
import type { RollTold } from '../../backtest/report/execution.js';
import type { ValidationShown } from '../../contracts/published.js';
import { grouped } from '../../domain/figure-text.js';
import type { Halt } from '../../domain/mode.js';

/** Source of the prices: an exchange itself, its testnet, or a simulator. */
export interface PriceEndpoint {
  readonly kind: 'live' | 'testnet' | 'simulator';
  /** The exchange. Left out in older reports. */
  readonly venue?: string;
  /** Address of the simulator. Null for the others. */
  readonly address: string | null;
}

export interface ReportedFile {
  readonly name: string;
  readonly sha256: string;
  /** The instrument that it was given for. */
  readonly symbol: string;
  /** Set if Fermata itself fetched the file. Null: any other file, which is for study only. */
  readonly fetched: {
    readonly venue: string;
    readonly endpoint: PriceEndpoint['kind'];
    readonly address: string;
    readonly symbol: string;
    readonly at: string;
  } | null;
  /** Why it is for study only, in a few words. Null: it was fetched. */
  readonly study: string | null;
}

/** As in a backtest. Older reports have prices of the first and the last fill, and less of each trade. */
export interface ReportedTrade
  extends Pick<TradeOfRun, 'symbol' | 'side' | 'opened' | 'closed' | 'quantity' | 'entryPrice' | 'exitPrice'>,
    Partial<Pick<TradeOfRun, 'id' | 'strategy' | 'fees' | 'r' | 'why'>> {
  /** After fees. */
  readonly profit: string;
}

export interface ReportedHalt {
  readonly cause: Halt['cause'];
  readonly reason: string;
  readonly at: string;
  /** Null: until the end. */
  readonly lifted: string | null;
}

/** The published part, and the part that is only on disk. */
export interface ValidationReport extends Omit<ValidationShown, 'createdMs' | 'market'> {
  readonly version: 1;
  readonly kind: 'validation-report';
  readonly desk: string;
  /** Wall time of the request. */
  readonly created: string;
  readonly market: ValidationShown['market'] & {
    readonly symbols: readonly string[];
    /** Traded by the desk, but without prices here. */
    readonly leftOut: readonly string[];
    /** Source of the prices. Null: unknown, since they were simulated or from files of any origin. */
    readonly endpoint: PriceEndpoint | null;
    readonly files: readonly ReportedFile[];
  };
  readonly criteria: Criteria;
  readonly data: { readonly problems: readonly DataProblem[]; readonly coverage: readonly Coverage[] };
  /** When a future went over to its next contract. Left out: none did. */
  readonly rolls?: readonly RollTold[];
  readonly halts: readonly ReportedHalt[];
  /** All figures of a backtest, and its trades in groups. Left out in older reports. */
  readonly figures?: BacktestReport['figures'];
  readonly by?: BacktestReport['by'];
  readonly trades: readonly ReportedTrade[];
  /** How many trades are not listed. */
  readonly tradesLeftOut: number;
  readonly equity: readonly (readonly [at: string, equity: string])[];
  /** The run's record: the same for equal prices, desk and id. */
  readonly journal: {
    readonly incarnation: string;
    readonly lastSequence: number;
    readonly stateHash: string | null;
  };
}

/** The report as it is on disk: with the hash of its content and a seal of this installation over it. */
export interface SignedReport extends ValidationReport {
  readonly hash: string;
  /** Null: the installation had no key yet, since no desk was ever started. */
  readonly seal: string | null;
}

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
