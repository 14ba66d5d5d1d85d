/** The contract of going live, from the validation and the checklist to the last size step. */
import type { SizePlan } from '../domain/go-live-terms.js';
import type { GoLiveAttempt, GoLiveProgress, PreflightReport } from './published.js';

export interface RampStep extends SizePlan {
  /** How long clean trading at the previous size must last before people are asked. */
  readonly afterMs: number;
  /** The fewest trades closed meanwhile. Left out: by an earlier build. */
  readonly minTrades?: number;
}

/** Where the desk file says nothing: hours without a trade prove nothing. */
export const RAMP_TRADES_MIN = 1;

export interface GoLiveInput {
  readonly desk: string;
  readonly release: string;
  readonly attempt: number;
  readonly incarnation: string;
  readonly person: string;
  readonly reason: string;
  /** How many of `approvers` must agree. */
  readonly needed: number;
  readonly approvers: readonly string[];
  /** If one is enough: the time between that person's vote and the start. */
  readonly coolingOffMs: number;
  readonly start: SizePlan;
  readonly ramp: readonly RampStep[];
  /** How long the first live period is watched, and how often it is checked and people are reminded. */
  readonly watchMs: number;
  readonly lookMs: number;
  readonly remindMs: number;
  /** How long people have for the review and for each approval. */
  readonly reviewMs: number;
  readonly approvalMs: number;
  /** How long writing evidence is retried, and how long a step that depends on it waits. */
  readonly evidenceMs: number;
  readonly recordMs: number;
  readonly simulated: boolean;
  /** Where an earlier run of this attempt, already live, left off. */
  readonly carried?: Carried;
}

/** Bounds of one watch: it stays in one run, whose history must not grow without limit. */
const LOOKS_MAX = 1_000;

export const pauseBetweenLooks = ({ lookMs }: Pick<GoLiveInput, 'lookMs'>, watchMs: number): number =>
  Math.max(lookMs, Math.ceil(watchMs / LOOKS_MAX));

/** A question that one person decides alone is followed by the cooling-off. */
export const pauseWhileAsked = ({
  approvalMs,
  coolingOffMs,
  needed,
  ...input
}: Pick<GoLiveInput, 'lookMs' | 'approvalMs' | 'coolingOffMs' | 'needed'>): number =>
  pauseBetweenLooks(input, approvalMs + (needed < 2 ? coolingOffMs : 0));

export interface Carried {
  /** Index of the next size step, and the number of watches left before it. */
  readonly step: number;
  readonly watchesLeft: number;
  /** Since when the hours have been clean that only lack trades. Left out: they begin now. */
  readonly cleanSinceMs?: number;
  readonly liveSinceMs: number;
  /** How often the next size was asked for, and not granted. Left out: by an earlier build. */
  readonly questions?: number;
  readonly size: SizePlan | null;
  readonly shown: readonly string[];
  /** Cancelled while live: watched to the end of the permission, and never larger. */
  readonly cancelled?: boolean;
}

export type { GoLiveProgress };

type GrowsNext = NonNullable<GoLiveProgress['next']>;
export type CleanHours = Pick<GrowsNext, 'cleanSinceMs' | 'trades'>;
/** What clean hours are for. */
export type NextSize = Omit<GrowsNext, keyof CleanHours>;

/** What the hours are for. Those that were clean and lack trades go on until there are as many, or the watch is over. */
export interface Towards {
  readonly next: NextSize;
  readonly lackingSinceMs: number | null;
}

/** One reading of a desk with real money: the trader's own answer, and its fills from the ledger. */
export interface Look {
  /** Why it is no longer live; null while it is. */
  readonly ended: string | null;
  readonly problems: readonly string[];
  readonly text: string;
  /** Closed trades; null: not known. */
  readonly trades: number | null;
  /** Why it does not trade, or when it did not since; null: it traded all the time, as far as is known. */
  readonly halted: string | null;
}

/** What a watch looked at, to be verified at its end. */
export interface Conclusion {
  /** Prefix of the evidence keys. */
  readonly key: string;
  readonly startedMs: number;
  readonly fillsSinceMs: number;
  readonly looks: number;
  readonly problems: readonly string[];
}

/** What a watch has found. */
export interface Watched {
  /** Why it is no longer live; null while it is. */
  readonly ended: string | null;
  /** Each problem once: at most 20, plus those found at the end. People are told of each, as often as it appears. */
  readonly problems: readonly string[];
  /** Closed trades, as far as the results could be verified. */
  readonly trades: number;
  readonly sinceMs: number;
  /** Something was wrong, and is not any more: other hours begin at once. */
  readonly isCutShort?: boolean;
}

export interface GoLiveResult {
  /** `completed`: every step was taken; `ended`: it was live, and the permission ended. */
  readonly state: 'completed' | 'refused' | 'ended';
  readonly detail: string;
}

/** `changed`, with the trader's incarnation: it may be about another halt or other settings than people are asked about. */
export const GO_LIVE_MESSAGES = { progress: 'progress', revoked: 'revoked', changed: 'changed' } as const;

export interface ChecklistItem {
  readonly key: string;
  readonly title: string;
  readonly done: boolean;
  readonly observed: string;
  readonly expected: string;
}

export type GoLiveState = GoLiveAttempt['state'];

export interface LiveFills {
  readonly fills: number;
  /** Trades closed with a result, and the profitable ones among them. */
  readonly trades: number;
  readonly wins: number;
  /** After fees, in the desk's currency. */
  readonly netProfit: string;
  /** Fills that differ from their orders, in words; at most 10. */
  readonly problems: readonly string[];
  /** When and why trading was halted, in words; at most 10. Left out: by an earlier build. */
  readonly halts?: readonly string[];
}

interface PreLive {
  readonly checks: readonly Pick<
    PreflightReport['results'][number],
    'key' | 'title' | 'verdict' | 'observed' | 'expected'
  >[];
  readonly checklist: readonly ChecklistItem[];
  /** What prevents going live, in words. */
  readonly obstacles: readonly string[];
  /** The figures that a person reviews. */
  readonly figures: string;
}

export interface Expectation {
  readonly verdict: 'pass' | 'warn' | 'not_run';
  readonly observed: string;
  readonly expected: string;
}

export interface GoLiveActivities {
  /** Runs every check now. */
  runPreflight(): Promise<PreflightReport>;
  /** `reviewedBy`: who has reviewed the report; null if nobody has been asked yet. */
  lookBeforeLive(reviewedBy: string | null): Promise<PreLive>;
  readLiveFills(sinceMs: number): Promise<LiveFills>;
  compareWithPaper(sinceMs: number): Promise<Expectation>;
  moveGoLive(
    attempt: { readonly desk: string; readonly release: string; readonly attempt: number },
    state: Exclude<GoLiveState, 'open'>,
    detail: string,
  ): Promise<void>;
}

/** The longest validation: one year. */
export const VALIDATION_HOURS_MAX = 8_784;

export interface ValidationRef {
  readonly desk: string;
  readonly id: string;
}

/** Kept small: the report itself stays on disk. */
export interface ValidationOutcome {
  readonly recommendation: 'GO' | 'NO-GO';
  readonly qualifies: boolean;
  readonly simulated: boolean;
  readonly verdicts: readonly {
    readonly name: string;
    readonly title: string;
    readonly passed: boolean;
    readonly text: string;
    readonly expected: string;
  }[];
  readonly dataProblems: readonly string[];
  /** Halted for too long, or a strategy that stayed off. */
  readonly standstills: readonly string[];
  readonly reached: string | null;
  readonly summary: string;
  readonly hash: string;
  readonly files: { readonly json: string; readonly html: string };
}

export interface ValidationActivities {
  /** Continues where an earlier attempt ended; for a finished validation, returns its report again. */
  runValidation(reference: ValidationRef): Promise<ValidationOutcome>;
  recordValidationReport(reference: ValidationRef): Promise<void>;
  announceValidation(reference: ValidationRef): Promise<void>;
}
