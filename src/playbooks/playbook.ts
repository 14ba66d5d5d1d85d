/**
 * What a playbook that ships is: one file with its kind of incident. The desk file takes the keys from it, incidents are
 * opened by it, and the workflow of an incident runs it. Nothing of Temporal, Node or a clock is loaded here: the trader
 * reads desk files, too, and the workflow replays.
 */
import type { z } from 'zod';
import type { EngineActivities, IncidentFacts } from '../contracts/engine-activities.js';
import type { RunIdentity, StepEvidence } from '../contracts/evidence.js';
import type {
  Answered,
  IncidentActivities,
  IncidentInput,
  IncidentSeverity,
  Symptom,
} from '../contracts/incident.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import type { ApprovalParameters } from '../domain/decision.js';
import type { Halt } from '../domain/mode.js';

/** What the keys of a playbook are written with: zod itself is loaded only where desk files are read. */
export interface KeyWords {
  readonly z: typeof z;
  /** Above 0, up to 100. */
  readonly percent: z.ZodNumber;
  /** Above 0, up to a week. */
  readonly minutes: z.ZodNumber;
}

export interface ShippedPlaybook<Keys extends z.ZodRawShape> {
  /** Unless the desk file says otherwise. */
  readonly severity: IncidentSeverity;
  /** One sentence: what has happened. */
  readonly meaning: string;
  /** Its keys of the desk file besides `severity`. Each has a default or is optional, and a name that no other kind has. */
  readonly keys: (words: KeyWords) => Keys;
  /**
   * Its defaults are in the hash of every desk. Never set it in another: it would void every go-live, even of desks that
   * don't mention the kind.
   */
  readonly isInEveryHash?: true;
  /** What it does, in this order, as Temporal's UI shows it. */
  readonly runbook: readonly string[];
  /** The openings found in the trader's status. */
  readonly openedByTrader?: (
    status: TraderStatus,
    settings: z.output<z.ZodObject<Keys>>,
  ) => readonly Opening[];
  /** Called with each halt that opened no other kind. */
  readonly openedByHalt?: (halt: Halt) => readonly Opening[];
  readonly openedByProcess?: (process: ProcessSeen) => readonly Opening[];
  /**
   * Runs to its end and returns how it ended, in words. May begin again after continue-as-new, so each step is done once.
   */
  readonly run: (incident: OpenIncident, settings: z.output<z.ZodObject<Keys>>) => Promise<string>;
}

export const playbook = <Keys extends z.ZodRawShape>(
  declared: ShippedPlaybook<Keys>,
): ShippedPlaybook<Keys> => declared;

/** The desk file's values for a playbook's keys. */
export type SettingsOf<Keys extends (words: KeyWords) => z.ZodRawShape> = z.output<
  z.ZodObject<ReturnType<Keys>>
>;

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

export type Finding = Pick<StepEvidence, 'name' | 'kind' | 'verdict' | 'observed' | 'expected'> &
  Partial<Pick<StepEvidence, 'person' | 'reference'>> & {
    /** What the playbook goes on with, where it is not what people read. */
    readonly kept?: string;
  };

/** Activities as a playbook calls them; the summary is what Temporal's UI shows. */
type Calls<Activities> = {
  readonly [Name in keyof Activities]: Activities[Name] extends (...given: infer Given) => infer Answer
    ? { executeWithOptions(shown: { readonly summary: string }, given: Given): Answer }
    : never;
};

/** The incident that a playbook is run for. */
export interface OpenIncident {
  readonly input: Pick<IncidentInput, 'subject'>;
  /** Part of the ids of its commands: the same in every run of this incident, different in the next one. */
  readonly name: string;
  readonly identity: RunIdentity;
  readonly log: {
    readonly openedMs: number;
    /** The finding of each finished step, by step. */
    readonly done: Record<string, string>;
    /** Set once a person has declared it over. */
    readonly resolved: Answered | null;
  };
  /** Tells people at once, once per key, because the problem won't go away by itself. */
  readonly people: { alarm(key: string, text: string): void };
  /** Questions that nobody has answered are withdrawn, with the reason. */
  readonly approvals: { withdraw(why: string): void };
  /** Reads and checks. */
  readonly look: Calls<IncidentActivities>;
  /** Writes: retried, since Postgres may be down. */
  readonly keep: Calls<IncidentActivities>;
  /** Null until a trader is known. */
  readonly trader: Calls<EngineActivities> | null;
  /** The trader, for commands that people have agreed to: one that is restarting accepts them a moment later. */
  readonly agreed: Calls<EngineActivities>;
  /** Runs a step once, however often the playbook repeats; returns its finding. */
  once(step: string, work: () => Promise<Finding>): Promise<string>;
  /** Polls, at least every `everyMsMax`, until `ended` says how it ended or a person declares it over. */
  watch(phase: string, ended: () => Promise<string | null>, everyMsMax?: number): Promise<string>;
  /** Null while the trader doesn't answer. */
  facts(): Promise<IncidentFacts | null>;
  /** Asks a person, and carries out what they agree to; resolves when that is done, or nothing is asked any more. */
  offer(what: Offer): Promise<void>;
  /** False in a run that did this step before the change with this name: it must repeat what it did. */
  patched(change: string): boolean;
}

export interface Offer {
  readonly key: string;
  readonly title: string;
  /** Null if there is nothing to offer. */
  readonly describe: (incident: OpenIncident, facts: IncidentFacts) => Promise<ApprovalParameters | null>;
  /** The result in words. */
  readonly accept: (incident: OpenIncident, parameters: ApprovalParameters, by: string) => Promise<string>;
}

/** Offers to switch off strategies: those that `names` finds of those that are switched on. */
export function switchOff(
  title: string,
  reason: string,
  names: (facts: IncidentFacts, subject: string) => readonly string[],
): Offer {
  return {
    key: 'strategies-off',
    title,
    describe: async (incident, facts) => {
      const named = [...new Set(names(facts, incident.input.subject))].sort();
      return named.length > 0 ? { strategies: named.join(', ') } : null;
    },
    accept: async (incident, { strategies }, by) => {
      const calls = incident.agreed;
      const details: string[] = [];
      for (const strategy of String(strategies).split(', ')) {
        const commandId = `${incident.name}:off:${strategy}`;
        const { detail } = await calls.toggleStrategy.executeWithOptions({ summary: `${strategy} off` }, [
          { commandId, by, reason, strategy, enabled: false },
        ]);
        details.push(detail);
      }
      return details.join('; ');
    },
  };
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
  incident: OpenIncident,
  step: Pick<Finding, 'name' | 'kind' | 'expected'>,
  answer: (facts: IncidentFacts) => Pick<Finding, 'verdict' | 'observed'>,
): Promise<Finding> {
  const facts = await incident.facts();
  return { ...step, ...(facts === null ? { verdict: 'not_run', observed: SILENT } : answer(facts)) };
}
