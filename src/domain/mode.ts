/**
 * Modes and halts: what the desk may do, what it takes to do more, and the first line that is shown of it.
 */
import { moment } from './moment.js';
import { NO_REASON } from './plain-text.js';

/**
 * ACTIVE: everything that the risk gate approves. REDUCING: only orders that reduce a position. HALTED: only
 * cancels, protective stops and closing orders (for a close-all, a position that a person closes, or one that
 * no stop can protect). KILLED: like HALTED, but two people have to arm.
 */
export const MODES = ['ACTIVE', 'REDUCING', 'HALTED', 'KILLED'] as const;
export type Mode = (typeof MODES)[number];

export const MODE_RANK: Readonly<Record<Mode, number>> = { ACTIVE: 0, REDUCING: 1, HALTED: 2, KILLED: 3 };

export const HALT_CAUSES = [
  'startup',
  'person', // stop or close-all by a person
  'kill',
  'daily-loss',
  'drawdown',
  'stale-data',
  'clock-jump',
  'heartbeat-operations',
  'supervisor-lost',
  'reconciliation',
  'journal-fault',
  'venue',
  'protection-missing',
  'close-all-incomplete',
  'recording-ended',
  'ledger-mismatch',
  'auditor',
  'shutdown', // an orderly end (Ctrl-C), not a person's stop
  'check-failed', // a routine's step asked for it
] as const;
export type HaltCause = (typeof HALT_CAUSES)[number];

/** What has to happen before the desk may trade again; the strictest of all active halts counts. */
export const RESUME_RULES = ['auto', 'next-day', 'person', 'two-people'] as const;
export type ResumeRule = (typeof RESUME_RULES)[number];
/** The sides that the trader must hear from. */
export type HeardSide = 'operations' | 'supervisor';

/** A person's halt is lifted by people, never by a rule. */
export type PersonsRule = Exclude<ResumeRule, 'auto' | 'next-day'>;

/** Completes the message `Trades again …`. Real money without a go-live in force: nothing else lifts the halt. */
export const resumeWords = (rule: ResumeRule, needsGoLive: boolean): string =>
  needsGoLive ? 'once people approve a go-live: fermata go-live' : RESUME_WORDS[rule];

const RESUME_WORDS: Readonly<Record<ResumeRule, string>> = {
  auto: 'by itself, once all checks pass',
  'next-day': 'by itself, on its next day',
  person: 'once a person resumes it',
  'two-people': 'once two people resume it',
};

/** What helps against a journal that can't be written; no check notices that it can be written again. */
export const REPAIR_DISK =
  'make room on the disk or repair it, then restart the trader: fermata restart trader';

export const RESUME_RANK: Readonly<Record<ResumeRule, number>> = {
  auto: 0,
  'next-day': 1,
  person: 2,
  'two-people': 3,
};

export interface Halt {
  /** 128 random bits as 32 hex digits. Arming quotes the newest one. */
  readonly haltId: string;
  readonly mode: Exclude<Mode, 'ACTIVE'>;
  /** Always the whole desk. */
  readonly scope: { readonly kind: 'desk' };
  readonly cause: HaltCause;
  /** The person, rule or part of the desk that caused it. */
  readonly by: string;
  /** One plain sentence. */
  readonly reason: string;
  readonly resume: ResumeRule;
  readonly atWallMs: number;
  readonly atMarketMs: number;
  /** Where the home is that this one was copied from. Left out: it was not, or by an earlier build. */
  readonly copiedFrom?: string | undefined;
}

/** Where people are asked to lift it. In one line: nothing in a reason may look like more of the question. */
export const haltWords = ({ cause, by, reason, atWallMs }: Halt): string =>
  `Halt since ${moment(atWallMs)}: ${cause} by ${by}: ${reason.replaceAll(/\s+/g, ' ')}`;

/**
 * With a newer one, which replaces an older one of the same cause unless that was stricter. A stop says nothing about where
 * the home came from, so that stays known.
 */
export function haltsWith(halts: readonly Halt[], newer: Halt): Halt[] {
  const isReplaced = ({ cause, mode, resume }: Halt): boolean =>
    newer.cause === cause &&
    MODE_RANK[newer.mode] >= MODE_RANK[mode] &&
    RESUME_RANK[newer.resume] >= RESUME_RANK[resume];
  const copied = halts.find((known) => isReplaced(known) && known.copiedFrom !== undefined);
  const kept = halts.filter((known) => !isReplaced(known));
  return [...kept, copied === undefined ? newer : { copiedFrom: copied.copiedFrom, ...newer }];
}

/**
 * The halt that decides when the desk may trade again: the newest of the hardest to lift. Null: nothing halts
 * it.
 */
export function decidingHalt<H extends Pick<Halt, 'mode' | 'resume'>>(halts: readonly H[]): H | null {
  const byStrictness = [...halts].sort(
    (one, other) =>
      RESUME_RANK[one.resume] - RESUME_RANK[other.resume] || MODE_RANK[one.mode] - MODE_RANK[other.mode],
  );
  return byStrictness.at(-1) ?? null;
}

/** Why a new halt is raised, and what lifts it. The types keep a rule from lifting a person's halt. */
export type HaltWhy =
  | { readonly cause: 'person'; readonly resume: PersonsRule }
  | { readonly cause: 'kill'; readonly resume: 'two-people' }
  | { readonly cause: Exclude<HaltCause, 'person' | 'kill'>; readonly resume: ResumeRule };

/** Why a person let the desk trade again, in their own words, bounded and plain (`reasonOf`). */
export interface SaidReason {
  readonly person: string;
  readonly reason: string;
}

interface Resumed {
  readonly by: string;
  readonly authority: 'rule' | 'person' | 'two-people';
  /** The procedure's own reason: which halt it lifts. */
  readonly reason: string;
  /** Left out: nobody gave a reason. */
  readonly said?: readonly SaidReason[];
  /** One person asks for a go-live, who need not be one of those who approved it. Left out: a record of an earlier build. */
  readonly goLive?: boolean;
}

/** How trading resumed, in words. */
export function resumedText({ by, authority, reason, said = [], goLive }: Resumed): string {
  const before = reason.replace(/^resumption after: /, '');
  // Earlier builds did not say it. Their journals come to the same words, which are part of the state.
  const isGoLive = goLive ?? (authority === 'two-people' && before === reason && !by.includes(' and '));
  if (isGoLive) return `resumed as ${by} asked, by a go-live that was approved: ${reason}`;
  if (authority === 'rule') return `resumed automatically: all checks passed after "${before}"`;
  const who = `resumed by ${by}${authority === 'two-people' ? ' (two people)' : ''}`;
  return `${who}${ownWords(said, by)}${before === reason ? `: ${before}` : `, after "${before}"`}`;
}

/** On one line, so that a person's words can't pass for a line of the desk's own. */
function ownWords(said: readonly SaidReason[], by: string): string {
  if (said.length === 0) return '';
  const each = said.map(({ person, reason }) => {
    const words = `"${reason.replaceAll(/\s+/g, ' ')}"`;
    return person === by ? words : `${person} ${words}`;
  });
  return `: ${each.join(', ')}`;
}

/** The first thing shown about a desk: what it may do, and whether it can. */
export const HEADLINE_TONES = ['go', 'caution', 'alarm'] as const;

export interface Headline {
  readonly tone: (typeof HEADLINE_TONES)[number];
  readonly text: string;
  readonly detail: string;
}

export interface HeadlineSubject {
  readonly mode: Mode;
  readonly reason: string;
  readonly strategies: readonly { readonly enabled: boolean }[];
  readonly marketData: { readonly state: 'up' | 'down' | 'waiting' };
  /** Those in force. */
  readonly halts?: readonly Pick<Halt, 'by' | 'reason'>[];
}

const TONES = { ACTIVE: 'go', REDUCING: 'caution', HALTED: 'alarm', KILLED: 'alarm' } as const;

/** ACTIVE is shown only for a desk that would enter if there were a reason to. */
export function headline({ mode, reason, strategies, marketData, halts = [] }: HeadlineSubject): Headline {
  const but = (text: string, detail: string): Headline => ({
    tone: 'caution',
    text: `${mode}, but ${text}`,
    detail,
  });
  if (mode === 'ACTIVE' && strategies.length > 0 && strategies.every(({ enabled }) => !enabled))
    return but('every strategy is off', 'nothing is entered until one is switched on');
  if (mode === 'ACTIVE' && marketData.state === 'down')
    return but('no prices come in', 'nothing is entered until they are back');
  // Who pressed Stop without a word: that a person did is all that is known of why.
  const by = reason === NO_REASON ? halts.findLast((halt) => halt.reason === reason)?.by : undefined;
  return { tone: TONES[mode], text: mode, detail: by === undefined ? reason : `by ${by}, ${reason}` };
}

export const headlineLine = (subject: HeadlineSubject): string => {
  const { text, detail } = headline(subject);
  return `${text}: ${detail}`;
};

const PRICES = { live: 'Live prices', recorded: 'Recorded', simulated: 'Simulated' } as const;

/** Recorded prices are not called simulated: they were real once. */
export const pricesWord = (kind: keyof typeof PRICES): string => PRICES[kind];

/**
 * What a step of the desk's own incident playbooks can do to trading, in addition to the actions of routines: only ever
 * reduce it.
 */
export const TRADING_ACTIONS = ['halt', 'stop', 'close-all', 'restart-trader', 'restore-database'] as const;

export type TradingAction = (typeof TRADING_ACTIONS)[number];

export const isTradingAction = (action: string | undefined): action is TradingAction =>
  TRADING_ACTIONS.some((one) => one === action);
