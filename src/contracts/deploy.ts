/** The contract of deployments: replacing the running build of Fermata with another. */
import type { PreparedBuild, SwitchOutcome } from '../domain/build.js';
import type { Verdict } from './evidence.js';
import type { StepResult } from './routine.js';
import { runLabel } from './run-label.js';

export interface DeployInput {
  readonly desk: string;
  /** Id of a build made and tested on this machine. */
  readonly build: string;
  readonly person: string;
  readonly reason: string;
  readonly approvalId: string;
  readonly needed: number;
  readonly expiresAfterMs: number;
  readonly remindEveryMs: number | null;
  readonly escalateAfterMs: number | null;
  /** Retention of the backup taken before the switch. */
  readonly backupsKept: number;
  readonly backupDays: number | null;
  readonly simulated: boolean;
  readonly marketMs: number | null;
  readonly evidenceMs: number;
}

export interface DeployResult {
  readonly verdict: Verdict;
  readonly detail: string;
  readonly steps: readonly StepResult[];
}

export interface BuildExamined {
  /** Null: there is no such build, or its tests have not passed. */
  readonly build: PreparedBuild | null;
  /** Why the desk can't switch to it now; null: it can. */
  readonly problem: string | null;
  /** What was checked, in words. */
  readonly observed: string;
}

export const deployLabel = (desk: string, build: string) =>
  runLabel({
    desk,
    routine: 'deploy',
    summary: `Deployment of ${build} on ${desk}`,
    details:
      'A tested build is examined, people agree to it, a backup is taken and verified, everything ends in order and is started as that build; if it is unhealthy, the former build is started again.',
  });

export const DEPLOY_MESSAGES = { result: 'result' } as const;

export interface DeployActivities {
  /** Checks whether open runs would continue under the build, and whether there is a way back from it. */
  examineBuild(asked: { readonly desk: string; readonly build: string }): Promise<BuildExamined>;
  /**
   * Ends everything and starts it as this build, or as the previous one if this one is unhealthy. Runs once
   * per `key`, however often it is called: the caller ends with the desk, and its next attempt finds the
   * outcome.
   */
  switchBuild(asked: {
    readonly key: string;
    readonly by: string;
    readonly to: string;
  }): Promise<SwitchOutcome>;
}
