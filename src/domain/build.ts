/** A build of Fermata that was made and tested beside the one that runs, and what became of putting it in its place. */
export interface PreparedBuild {
  /** When it was made and of which commit: `20260110T093000000Z-0123456789ab`. */
  readonly id: string;
  readonly commit: string;
  readonly version: string;
  /** The checkout that it was made of. */
  readonly from: string;
  /** Packages that are newer than there, each as `name@version`. */
  readonly updated: readonly string[];
  /** Its tests have passed. */
  readonly testedMs: number;
  readonly testsTookMs: number;
}

export interface SwitchOutcome {
  readonly switched: boolean;
  /** Which build runs, or why it is the former one; for people. */
  readonly says: string;
}

const BUILD_ID = /^\d{8}T\d{9}Z-[0-9a-f]{12}$/;
const COMMIT_DIGITS = 12;

/** By name, builds are in the order in which they were made. */
export const buildIdAt = (nowMs: number, commit: string): string =>
  `${new Date(nowMs).toISOString().replace(/[-:.]/g, '')}-${commit.slice(0, COMMIT_DIGITS)}`;

export const isBuildId = (text: string): boolean => BUILD_ID.test(text);
