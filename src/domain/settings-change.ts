/** A change of settings as people agree to it: the same words where it is asked, signed and checked. */
import type { ApprovalTerms } from './approval.js';
import { type DeclaredValue, valueText } from './declared-value.js';

export interface SettingChange {
  /** Path in the desk file, for example `risk.maxPositionSizePct` or `strategies.ema-cross.parameters.fastBars`. */
  readonly key: string;
  readonly from: DeclaredValue;
  readonly to: DeclaredValue;
}

export interface SettingsProposal {
  /** Of the trader's journal: settings are counted anew in a new one. */
  readonly incarnation: string;
  /** The version that the change would make. */
  readonly version: number;
  readonly changes: readonly SettingChange[];
}

export const SETTINGS_APPROVAL = 'settings';

/** `fastBars 5 → 8, direction "long" → "both"`. */
export const changesText = (changes: readonly SettingChange[]): string =>
  changes.map((change) => `${change.key} ${fromTo(change)}`).join(', ');

/** What the votes are about: another journal, version, key or value makes it another question. */
export function settingsTerms(proposal: SettingsProposal): Omit<ApprovalTerms, 'id'> {
  const { incarnation, version, changes } = proposal;
  return {
    kind: SETTINGS_APPROVAL,
    subject: `settings version ${version} of journal ${incarnation}`,
    parameters: Object.fromEntries(changes.map((change) => [change.key, fromTo(change)])),
  };
}

const fromTo = ({ from, to }: Omit<SettingChange, 'key'>): string => `${valueText(from)} → ${valueText(to)}`;
