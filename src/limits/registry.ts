/** Every limit of a desk. A new one is a file and a line here. */
import { correlatedExposureLimit } from './correlated-exposure.js';
import { dailyLossLimit } from './daily-loss.js';
import { drawdownLimit } from './drawdown.js';
import { frozenQuotesLimit } from './frozen-quotes.js';
import {
  closedInstrumentRule,
  conversionRule,
  entryTypeRule,
  exitsRule,
  feeValueRule,
  goLiveRule,
  limitEntryRule,
  marketEntryRule,
  modeRule,
  protectableRule,
  reducesRule,
  sessionRule,
  stopEntryRule,
  stopRoomRule,
  venueBreakerRule,
} from './gate-rules.js';
import { grossExposureLimit } from './gross-exposure.js';
import type { AccountView, EntryView, LeftOut, Limit, QuotesView, Rule, WaitingReason } from './limit.js';
import { lossStreakLimit } from './loss-streak.js';
import { minRewardRiskRatioLimit } from './min-reward-risk-ratio.js';
import { netExposureLimit } from './net-exposure.js';
import { openPositionsLimit } from './open-positions.js';
import { orderRateLimit } from './order-rate.js';
import { orderSizeLimit } from './order-size.js';
import { positionSizeLimit } from './position-size.js';
import { priceCollarLimit } from './price-collar.js';
import { repeatedEntryLimit } from './repeated-entry.js';
import { staleDataLimit } from './stale-data.js';
import { stopLossLimit } from './stop-loss.js';
import { strategyExposureLimit } from './strategy-exposure.js';
import { volatilityLimit } from './volatility.js';

/** What the gate judges in each order, in the order in which a person would want to hear of it. */
export const GATE = [
  modeRule,
  goLiveRule,
  reducesRule,
  sessionRule,
  staleDataLimit,
  frozenQuotesLimit,
  venueBreakerRule,
  closedInstrumentRule,
  feeValueRule,
  conversionRule,
  volatilityLimit,
  marketEntryRule,
  stopEntryRule,
  entryTypeRule,
  limitEntryRule,
  priceCollarLimit,
  stopLossLimit,
  dailyLossLimit,
  drawdownLimit,
  lossStreakLimit,
  orderRateLimit,
  repeatedEntryLimit,
  openPositionsLimit,
  orderSizeLimit,
  positionSizeLimit,
  grossExposureLimit,
  netExposureLimit,
  strategyExposureLimit,
  correlatedExposureLimit,
  exitsRule,
  minRewardRiskRatioLimit,
  protectableRule,
  stopRoomRule,
] as const satisfies readonly (Rule | Limit)[];

type Declared = Exclude<(typeof GATE)[number], Rule>;
type KeyOf<Entry> = Entry extends Limit<infer Key, LeftOut> ? Key : never;
/** Keys that a desk file may leave out. */
export type OptionalKey = KeyOf<Extract<Declared, Limit<string, 'off'>>>;
export type FixedKey = Exclude<KeyOf<Declared>, OptionalKey>;
export type RiskKey = FixedKey | OptionalKey;

/** As in the desk file's `risk`. A limit that is left out does not apply. */
export type RiskNumbers = { readonly [Key in FixedKey]: number } & {
  readonly [Key in OptionalKey]?: number | undefined;
};

export const LIMITS: readonly Limit<RiskKey>[] = GATE.filter((entry) => entry.setting !== null);

/**
 * Whether a limit is set that needs measured returns. A limit that the desk file leaves out can't be set while the
 * desk runs.
 */
export function measuresReturns(risk: RiskNumbers): boolean {
  return LIMITS.some((entry) => entry.measuresReturns === true && risk[entry.setting.key] !== undefined);
}

export function watchesQuotes(risk: RiskNumbers): boolean {
  return LIMITS.some((entry) => entry.watchesQuotes === true && risk[entry.setting.key] !== undefined);
}

export interface RiskReading {
  readonly limit: string;
  /** The name shown on the page. */
  readonly title: string;
  /** The allowed value, and the present one in `now`, as text with unit. */
  readonly value: string;
  readonly now: string;
}

/** Each limit in force with its present value, as text for people. */
export function riskReadings(account: AccountView, risk: RiskNumbers): RiskReading[] {
  return LIMITS.flatMap(({ name, title, setting, reading }) => {
    const value = risk[setting.key];
    return value === undefined ? [] : [{ limit: name, title, ...reading(account, value) }];
  });
}

/** Each limit that allows no entry now, and what it waits for. */
export function limitsInTheWay(view: EntryView, risk: RiskNumbers): WaitingReason[] {
  return reasonsOf(LIMITS, risk, ({ waits }, value) => waits?.(view, value));
}

const TOLD = LIMITS.filter(({ tells }) => tells !== undefined);

/** Of these, those that people are notified of. */
export function limitsToTell(view: QuotesView, risk: RiskNumbers): WaitingReason[] {
  return reasonsOf(TOLD, risk, ({ tells }, value) => tells?.(view, value));
}

function reasonsOf(
  limits: readonly Limit<RiskKey>[],
  risk: RiskNumbers,
  ask: (limit: Limit<RiskKey>, value: number) => readonly WaitingReason[] | undefined,
): WaitingReason[] {
  const reasons: WaitingReason[] = [];
  for (const limit of limits) {
    const value = risk[limit.setting.key];
    if (value !== undefined) reasons.push(...(ask(limit, value) ?? []));
  }
  return reasons;
}

/** The table in docs/LIMITS.md. */
export function limitTable(): string {
  const rows = LIMITS.map(({ title, setting: { key, reference, tighter, leftOut } }) => {
    const without = leftOut === 'off' ? 'not limited' : leftOut === 'refused' ? 'required' : `${leftOut}`;
    return `| ${title} | \`risk.${key}\` | ${reference} | ${without} | ${tighter} |`;
  });
  return [
    '| limit | key | what it refuses past | left out | tighter |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
