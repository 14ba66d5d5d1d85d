/** How a run is named and found in Temporal’s UI. */
import { FERMATA_DESK, FERMATA_ROUTINE, FERMATA_SUMMARY } from './search-attributes.js';

interface RunLabel {
  readonly desk: string;
  /** As in its evidence: the routine's name, `incident`, `emergency-stop` … */
  readonly routine: string;
  readonly summary: string;
  /**
   * The summary in Temporal's list, which whoever runs Temporal can read: without texts by people. Absent: the same as
   * `summary`. Null: none, for runs that must begin on a server without the attribute.
   */
  readonly listed?: string | null;
  /** Markdown: what this run does, in the runbook's words. */
  readonly details: string;
}

const SUMMARY_MAX = 200;

/** The start options by which a run is found and read in Temporal's UI, whoever starts it. */
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
