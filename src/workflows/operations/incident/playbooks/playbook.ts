import type { IncidentFacts } from '../../../../contracts/engine-activities.js';
import type { SettingsOf, ShippedKind, Symptom } from '../../../../contracts/incident.js';
import type { TraderStatus } from '../../../../contracts/trader-status.js';
import type { Halt } from '../../../../domain/mode.js';
import type { Finding } from '../incident-log.js';
import type { IncidentRun } from '../incident-run.js';

/**
 * Runs to its end and returns how it ended, in words. May begin again after continue-as-new, so each step is done once.
 */
export type Playbook = (incident: IncidentRun) => Promise<string>;

/**
 * A playbook that ships: what it does, and what opens its kind of incident. Its keys of the desk file are in
 * `src/desk/incident-schema.ts`, because the desk file is read where there is no workflow code.
 */
export interface ShippedPlaybook<Kind extends ShippedKind> {
  /** What it does, in this order, as Temporal's UI shows it. */
  readonly runbook: readonly string[];
  /** The openings found in the trader's status. */
  readonly openedByTrader?: (status: TraderStatus, settings: SettingsOf<Kind>) => readonly Opening[];
  /** Called with each halt that opened no other kind. */
  readonly openedByHalt?: (halt: Halt) => readonly Opening[];
  readonly openedByProcess?: (process: ProcessSeen) => readonly Opening[];
  readonly run: (incident: IncidentRun, settings: SettingsOf<Kind>) => Promise<string>;
}

/** The same occurrence always has the same key; for a halt, `halt:` and its id. */
export type Opening = Pick<Symptom, 'subject' | 'key' | 'title' | 'detail' | 'atMs'>;

export interface ProcessSeen {
  readonly name: string;
  readonly state: string;
  /** The newest unexpected end. */
  readonly lastDeath?: { readonly how: string; readonly atMs: number } | null;
  /** Only of the supervisor, and of roles that run without one: it would itself end a silent trader. */
  readonly silentSinceMs?: number | null;
}

export const SILENT = 'the trader does not answer';

/**
 * Completes the words of an end: what went wrong is over, and people must not read that they have nothing to do. Empty:
 * the desk trades, or will by itself, or does not answer.
 */
export function notResumed(facts: Pick<IncidentFacts, 'mode' | 'halts'> | null): string {
  if (facts === null || facts.mode === 'ACTIVE') return '';
  const others = facts.halts.filter(({ resume }) => resume !== 'auto');
  return others.length === 0 ? '' : `; not resumed: ${others.map(({ reason }) => reason).join('; ')}`;
}

/** Runs a step that only the trader can answer; recorded as not run while the trader is silent. */
export async function askTrader(
  incident: IncidentRun,
  step: Pick<Finding, 'name' | 'kind' | 'expected'>,
  answer: (facts: IncidentFacts) => Pick<Finding, 'verdict' | 'observed'>,
): Promise<Finding> {
  const facts = await incident.facts();
  return { ...step, ...(facts === null ? { verdict: 'not_run', observed: SILENT } : answer(facts)) };
}
