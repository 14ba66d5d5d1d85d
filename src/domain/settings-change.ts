/** A change of settings as people agree to it: the same words where it is asked, signed and checked. */
import type { ApprovalTerms } from './approval.js';

export interface SettingChange {
  /** Path in the desk file, for example `risk.maxPositionSizePct` or `strategies.ema-cross.parameters.fastBars`. */
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

export interface SettingsProposal {
  /** Of the trader's journal: settings are counted anew in a new one. */
  readonly incarnation: string;
  /** The version that the change would make. */
  readonly version: number;
  readonly changes: readonly SettingChange[];
}

export const SETTINGS_APPROVAL = 'settings';

/** What the votes are about: another journal, version, key or figure makes it another question. */
export function settingsTerms(proposal: SettingsProposal): Omit<ApprovalTerms, 'id'> {
  const { incarnation, version, changes } = proposal;
  return {
    kind: SETTINGS_APPROVAL,
    subject: `settings version ${version} of journal ${incarnation}`,
    parameters: Object.fromEntries(changes.map(({ key, from, to }) => [key, `${from} → ${to}`])),
  };
}
