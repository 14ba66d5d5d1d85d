/** The options of `fermata up`, what it reports while it starts, and its outcome. */
import type { TraderStatus } from '../contracts/trader-status.js';
import type { LoadedDesk } from '../desk/load.js';
import type { FreeBytes } from '../home/free-space.js';
import type { BackupChoice } from '../home/restore-mark.js';
import type { MarketChoice } from '../home/runtime.js';

export interface UpOptions {
  /** FERMATA_HOME. */
  readonly home: string;
  readonly loaded: LoadedDesk;
  /** Writes the desk's own file, if the environment made one; called once no desk runs in this home. */
  readonly writeDesk?: () => void;
  readonly market: MarketChoice;
  /** Auditor, ledger and bot in their own processes. */
  readonly separate?: boolean;
  /** Replaces the desk file's `api.port`; 0: any free port. */
  readonly port?: number;
  /** Address of a simulator on this machine that receives the orders instead of the exchange. */
  readonly simulatedVenue?: string;
  /** Addresses of simulators on this machine that supply the prices of these feeds. */
  readonly simulatedFeeds?: Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv;
  /**
   * Required by `fermata restart --all`, `fermata deploy` and a restore in an incident; left out: this start
   * can't be repeated.
   */
  readonly again?: StartAgain;
  readonly onProgress?: OnProgress;
  readonly onReady?: (summary: UpSummary) => void;
  /** Called if the start failed although nobody asked for an end, before its processes are ended again. */
  readonly onStartFailed?: () => void;
  /**
   * Called before any role starts, once the venue's own program answers or has not for long. Rejects if the desk must not
   * start; absent if that was found out before.
   */
  readonly mayTrade?: () => Promise<void>;
  /** How long a start waits for the sign-in of the venue's own program; a test passes another time. */
  readonly signInMs?: number;
  /** The script of every role; the bundled `worker/run-role.ts` unless a test sets another. */
  readonly roleScript?: string;
  /** How the free space of FERMATA_HOME is measured; a test passes another figure. */
  readonly freeBytes?: FreeBytes;
}

export interface StartAgain {
  /** Rejects if the same start would fail now, or would be another desk or account: then nothing is ended. */
  check(): Promise<void>;
  /** Pid of the process that will start it again. */
  readonly starter: number;
  /** This build runs for the first time, and the starter checks whether it is healthy. */
  readonly isOnTrial: boolean;
  /** The newest good backup of its database. Rejects if there is none, or if a restore would be refused. */
  chooseBackup(): Promise<BackupChoice>;
}

export interface UpSummary {
  readonly desk: string;
  /** The desk whose paper twin this is. */
  readonly twinOf?: string;
  readonly trading: 'paper' | 'live';
  /** The source of prices, in words: "simulated market, seed 7, 60x". */
  readonly prices: string;
  readonly simulated: boolean;
  /** Whose money is traded; null while the trader has not answered. */
  readonly account: TraderStatus['account'] | null;
  /** The trader's current mode, with the reason in words. */
  readonly mode: string;
  readonly reason: string;
  /** Also the headline of the page and of `fermata status`. */
  readonly headline: string;
  /** Address on this machine. */
  readonly dashboardUrl: string;
  /** Address of a proxy or tunnel that the desk's people use. */
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
  /** It does not share the people of the installation, whose passwords and sign-ins don't count here. */
  readonly ownPeople: boolean;
  /** File with the generated password; null if DASHBOARD_PASSWORD was given. */
  readonly passwordFile: string | null;
}

export type UpOutcome =
  /** The desk ran and came to an orderly end (Ctrl-C, `fermata down`, the end of a recording). */
  | {
      readonly kind: 'ended';
      readonly exitCode: 0;
      /** The desk must be started again after this pause; left out: it stays ended. */
      readonly againAfterMs?: number;
    }
  /** Another `fermata up` runs on this FERMATA_HOME; nothing was started or changed. `doThis`: null if it answers. */
  | {
      readonly kind: 'already-running';
      readonly exitCode: 1;
      readonly message: string;
      readonly doThis: string | null;
    };

/** What a start reports while it runs; the command line renders it. */
export type Progress =
  | { readonly kind: 'line'; readonly text: string }
  /** The current step: relevant until the next one. */
  | { readonly kind: 'step'; readonly text: string }
  /** `done` of `total` units; sent again as it grows, and once with `done === total`. */
  | { readonly kind: 'bar'; readonly text: string; readonly done: number; readonly total: number };

export type OnProgress = (progress: Progress) => void;

/** A start that failed; everything that it had started was stopped again. Every text is for a person. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';

  constructor(
    message: string,
    readonly doThis: string,
    readonly keptSafe = 'everything that this start had begun was ended again; the journal and the books are untouched',
  ) {
    super(message);
  }
}
