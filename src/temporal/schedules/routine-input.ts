import type { RoutineCause, RoutineInput } from '../../contracts/routine.js';
import type { Desk, DeskRoutine } from '../../desk/schema.js';

/** Postgres may be down for a while; after longer than this, a routine's evidence is lost. */
export const EVIDENCE_MS = 3_600_000;

export interface RoutineOccasion {
  readonly cause: RoutineCause;
  /** Null for a schedule, whose start time gives it. */
  readonly nominalMs: number | null;
  readonly marketMs: number | null;
  readonly incarnation: string | null;
  readonly person: string | null;
  readonly simulated: boolean;
}

export function routineInput(desk: Desk, routine: DeskRoutine, occasion: RoutineOccasion): RoutineInput {
  return {
    desk: desk.desk,
    name: routine.name,
    title: routine.title,
    steps: routine.steps,
    latestMinutes: routine.latestMinutes,
    ...(routine.budgetMinutes === undefined ? {} : { budgetMinutes: routine.budgetMinutes }),
    haltRule: desk.resume.fault,
    evidenceMs: EVIDENCE_MS,
    backupsKept: desk.backup.keep,
    ...(desk.backup.days === undefined ? {} : { backupDays: desk.backup.days }),
    ...occasion,
  };
}
