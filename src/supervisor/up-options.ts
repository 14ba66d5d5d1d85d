import type { TraderStatus } from '../contracts/trader-status.js';
import type { LoadedDesk } from '../desk/load.js';
import type { BackupChoice } from '../home/restore-order.js';
import type { MarketChoice } from '../home/runtime.js';
import type { OnProgress } from './progress.js';

export interface UpOptions {
  /** FERMATA_HOME. */
  readonly home: string;
  readonly loaded: LoadedDesk;
  readonly market: MarketChoice;
  /** Ledger and auditor as processes of their own. */
  readonly separate?: boolean;
  /** Instead of the desk file's `api.port`; 0: any free port. */
  readonly port?: number;
  /** Address of a simulator on this machine that takes the orders instead of the exchange. */
  readonly simulatedVenue?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What `fermata restart --all`, `fermata deploy` and a restore in an incident need; absent: this start can't be repeated. */
  readonly again?: StartAgain;
  readonly onProgress?: OnProgress;
  readonly onReady?: (summary: UpSummary) => void;
  /** It came to nothing although nobody asked for an end: called before it is ended again. */
  readonly onStartFailed?: () => void;
  /** What every role is started with; the bundled `worker/run-role.ts` unless a test brings its own. */
  readonly roleScript?: string;
}

export interface StartAgain {
  /** Rejects where the same start would fail now, or would be another desk or another account: nothing is ended then. */
  check(): Promise<void>;
  /** The process that will start it again. */
  readonly starter: number;
  /** It runs this build for the first time, and looks whether that is well. */
  readonly isOnTrial: boolean;
  /** The newest good backup of its database. Rejects where there is none, or where a restore would be refused. */
  chooseBackup(): Promise<BackupChoice>;
}

export interface UpSummary {
  readonly desk: string;
  readonly trading: 'paper' | 'live';
  /** Where prices come from, in words: "simulated market, seed 7, 60x". */
  readonly prices: string;
  readonly simulated: boolean;
  /** Whose money; null while the trader has not answered. */
  readonly account: TraderStatus['account'] | null;
  /** Of the trader at this moment, with the reason in words. */
  readonly mode: string;
  readonly reason: string;
  /** What stands first on page and in `fermata status` too. */
  readonly headline: string;
  /** On this machine. */
  readonly dashboardUrl: string;
  /** Of a proxy or tunnel of the desk's people. */
  readonly publicUrl: string | null;
  /** The dashboard's address with a one-time sign-in token in its fragment. */
  readonly signInUrl: string;
  readonly signInMinutes: number;
  /** Behind our own sign-in. */
  readonly temporalUiUrl: string;
  readonly metricsUrl: string;
  /** Soonest first; in the desk's own (market) time. */
  readonly next: readonly { readonly routine: string; readonly title: string; readonly atMs: number }[];
  readonly logFile: string;
  /** Where the generated password lies; null where DASHBOARD_PASSWORD was given. */
  readonly passwordFile: string | null;
}

export type UpOutcome =
  /** The desk ran and was ended in order (Ctrl-C, `fermata down`, the end of a recording). */
  | {
      readonly kind: 'ended';
      readonly exitCode: 0;
      /** So long afterwards it is to be started again; absent: it stays ended. */
      readonly againAfterMs?: number;
    }
  /** Another `fermata up` runs on this FERMATA_HOME; nothing was started or changed. */
  | { readonly kind: 'already-running'; readonly exitCode: 1; readonly message: string };
