/**
 * The report of a validation: the figures, what was wrong with the data, and GO or NO-GO with every reason.
 */

import type { Coverage, DataProblem } from '../../backtest/measure/data-problems.js';
import type { ReportedTrade as TradeOfRun } from '../../backtest/measure/trades-seen.js';
import type { BacktestReport } from '../../backtest/report/build-report.js';
import type { ValidationShown } from '../../contracts/published.js';
import type { Halt } from '../../domain/mode.js';
import type { Criteria } from '../criteria.js';

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
