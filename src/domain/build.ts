/** A build of Fermata, made and tested while another one runs, and the result of switching to it. */
export interface PreparedBuild {
  /** Time and commit of the build: `20260110T093000000Z-0123456789ab`. */
  readonly id: string;
  readonly commit: string;
  readonly version: string;
  /** The checkout it was made from. */
  readonly from: string;
  /** Packages newer than in that checkout, each as `name@version`. */
  readonly updated: readonly string[];
  /** When its tests passed. */
  readonly testedMs: number;
  readonly testsTookMs: number;
}

export interface SwitchOutcome {
  readonly switched: boolean;
  /** Which build runs now, or why the previous one still does; for people. */
  readonly says: string;
}

const BUILD_ID = /^\d{8}T\d{9}Z-[0-9a-f]{12}$/;
const COMMIT_DIGITS = 12;

/** Sorted by name, builds are in the order they were made. */
export const buildIdAt = (nowMs: number, commit: string): string =>
  `${new Date(nowMs).toISOString().replace(/[-:.]/g, '')}-${commit.slice(0, COMMIT_DIGITS)}`;

export const isBuildId = (text: string): boolean => BUILD_ID.test(text);
