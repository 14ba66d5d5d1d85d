/** The contract of settings changes that people have to approve. */
import type { SettingsProposal } from '../domain/settings-change.js';

export interface SettingsChangeInput {
  readonly desk: string;
  readonly proposal: SettingsProposal;
  /** `settings:<desk>:<version>:<random>`: asking again after a refusal is another question. */
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
  /** `superseded`: the settings have changed since the request; `refused`: by the trader, for another reason. */
  readonly state: 'applied' | 'rejected' | 'expired' | 'withdrawn' | 'superseded' | 'refused';
  readonly detail: string;
  /** Null if nothing was changed. */
  readonly configHash: string | null;
}
