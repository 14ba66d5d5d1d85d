/**
 * A change of settings, or of the position size, as people agree to it: requested, signed and checked in
 * the same words.
 */
import type { ApprovalTerms } from './decision.js';
import { type DeclaredValue, valueText } from './declared-value.js';

export interface SettingChange {
  /** Path in the desk file, for example `risk.maxPositionSizePct` or `strategies.ema-cross.parameters.fastBars`. */
  readonly key: string;
  readonly from: DeclaredValue;
  readonly to: DeclaredValue;
}

const CONTRACTS = 'instruments.';
const MONTH = '.contractMonth';

/** Which month an instrument stands for. Not in the desk file, so not part of the configuration hash. */
export const monthKey = (symbol: string): string => `${CONTRACTS}${symbol}${MONTH}`;

export const isMonthKey = (key: string): boolean => key.startsWith(CONTRACTS) && key.endsWith(MONTH);

/** The symbol of such a key. */
export const symbolOfMonth = (key: string): string => key.slice(CONTRACTS.length, -MONTH.length);

export interface SettingsProposal {
  /** Incarnation of the trader's journal: a new journal counts settings versions from the start. */
  readonly incarnation: string;
  /** The settings version that the change would make. */
  readonly version: number;
  readonly changes: readonly SettingChange[];
}

export const SETTINGS_APPROVAL = 'settings';

/** `fastBars 5 → 8, direction "long" → "both"`. */
export const changesText = (changes: readonly SettingChange[]): string =>
  changes.map((change) => `${change.key} ${fromTo(change)}`).join(', ');

/** What the votes are about. A different journal, version, key or value is a different question. */
export function settingsTerms(proposal: SettingsProposal): Omit<ApprovalTerms, 'id'> {
  const { incarnation, version, changes } = proposal;
  return {
    kind: SETTINGS_APPROVAL,
    subject: `settings version ${version} of journal ${incarnation}`,
    parameters: Object.fromEntries(changes.map((change) => [change.key, fromTo(change)])),
  };
}

const fromTo = ({ from, to }: Omit<SettingChange, 'key'>): string => `${valueText(from)} → ${valueText(to)}`;

/** Position size as people choose it, in percent of the full size. */
export const SIZE_PCT_MIN = 1;
export const SIZE_PCT_MAX = 100;

/** Null: the size is the desk file's. */
export function reducedSize({ sizePct }: { readonly sizePct: number }): string | null {
  return sizePct === SIZE_PCT_MAX ? null : `${sizePct} % of the full position size`;
}

/** The subject of a decision on a larger position size. The decision lapses when the size changes. */
export function sizeSubject(fromPct: number, toPct: number): string {
  return `size:${fromPct}:${toPct}`;
}
