/** The language of a change of settings that people have to approve. */
import type { SettingsProposal } from '../domain/settings-change.js';

export interface SettingsChangeInput {
  readonly desk: string;
  readonly proposal: SettingsProposal;
  /** `settings:<desk>:<version>:<random>`: asked again after a refusal, it is another question. */
  readonly approvalId: string;
  readonly needed: number;
  readonly person: string;
  readonly reason: string;
  readonly simulated: boolean;
  readonly expiresAfterMs: number;
  readonly remindEveryMs: number | null;
  readonly escalateAfterMs: number | null;
  readonly evidenceMs: number;
}

export interface SettingsChangeResult {
  /** `superseded`: the settings were changed since it was asked for; `refused`: by the trader, for another reason. */
  readonly state: 'applied' | 'rejected' | 'expired' | 'withdrawn' | 'superseded' | 'refused';
  readonly detail: string;
  /** Null where nothing was changed. */
  readonly configHash: string | null;
}
