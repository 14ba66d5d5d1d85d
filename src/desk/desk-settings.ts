/** The desk file's part that can be changed while the desk trades, and how many people a looser value takes. */
import type { SettingsSource } from '../engine/settings/setting-specs.js';
import type { Desk } from './schema.js';

export function settingsSource({ risk, strategies }: Desk): SettingsSource {
  return { risk, staleMs: risk.staleDataSeconds * 1000, strategies };
}

/** With real money two. */
export function settingsApproversNeeded({ mode }: Pick<Desk, 'mode'>): number {
  return mode === 'live' ? 2 : 1;
}
