/** A run's name and search attributes in Temporal’s UI, and what it reports to its worker. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { Sinks } from '@temporalio/workflow';

interface RunLabel {
  readonly desk: string;
  /** As in its evidence: the routine's name, `incident`, `emergency-stop` … */
  readonly routine: string;
  readonly summary: string;
  /**
   * The summary in Temporal's list. Whoever runs Temporal can read it, so it has no texts by people. Absent:
   * the same as `summary`. Null: none, for runs that must start on a server without the attribute.
   */
  readonly listed?: string | null;
  /** Markdown: what this run does, in the runbook's words. */
  readonly details: string;
}

const SUMMARY_MAX = 200;

/** Start options that make a run easy to find and read in Temporal's UI, whoever starts it. */
export function runLabel({ desk, routine, summary, details, listed = summary }: RunLabel) {
  return {
    typedSearchAttributes: [
      { key: FERMATA_DESK, value: desk },
      { key: FERMATA_ROUTINE, value: routine },
      ...(listed === null ? [] : [{ key: FERMATA_SUMMARY, value: listed.slice(0, SUMMARY_MAX) }]),
    ],
    staticSummary: summary.slice(0, SUMMARY_MAX),
    staticDetails: details,
  };
}

/** Search attributes for runs in Temporal's UI. They are Keywords that the server must know, and can read. */
export const FERMATA_DESK = defineSearchAttributeKey('FermataDesk', SearchAttributeType.KEYWORD);
export const FERMATA_ROUTINE = defineSearchAttributeKey('FermataRoutine', SearchAttributeType.KEYWORD);
/** What a run is about, in the list of runs. Contains no texts by people, because it isn't sealed. */
export const FERMATA_SUMMARY = defineSearchAttributeKey('FermataSummary', SearchAttributeType.KEYWORD);
export const FERMATA_VERDICT = defineSearchAttributeKey('FermataVerdict', SearchAttributeType.KEYWORD);

export interface BegunRun {
  readonly workflowId: string;
  readonly firstRunId: string;
  /** The newest of its runs. */
  readonly runId: string;
  readonly type: string;
  readonly routine: string;
  readonly startedMs: number;
}

/** Outside a run's history: not called during a replay. */
export interface RunSinks extends Sinks {
  runs: {
    begun(run: BegunRun): void;
    /** Ended by itself and successfully: it neither failed nor continued as new. */
    ended(run: Pick<BegunRun, 'workflowId' | 'firstRunId'>): void;
  };
}
