/** What the emergency workflows need beside the traders: who there is, evidence, and an alarm. */
import { recordEvidence } from '../../store/evidence/record-evidence.js';
import type { Pool } from '../../store/pool.js';
import type { RunIdentity, StepEvidence } from '../../workflows/evidence.js';
import { type Alarm, type AlarmLog, raiseAlarm } from '../raise-alarm.js';

export interface EmergencyActivities {
  /** Journal incarnations of every trader that was announced. */
  knownIncarnations(): Promise<readonly string[]>;
  /** One row per run, step and attempt group, however often the activity is tried. */
  recordEvidence(run: RunIdentity, step: StepEvidence): Promise<void>;
  raiseAlarm(alarm: Alarm): Promise<void>;
}

export interface EmergencyDependencies {
  readonly pool: Pool;
  readonly log: AlarmLog;
  readonly knownIncarnations: () => Promise<readonly string[]>;
}

export function createEmergencyActivities(dependencies: EmergencyDependencies): EmergencyActivities {
  const { pool, log, knownIncarnations } = dependencies;
  return {
    knownIncarnations,
    recordEvidence: async (run, step) => {
      await recordEvidence(pool, { ...run, ...step });
    },
    raiseAlarm: async (alarm) => raiseAlarm(log, alarm),
  };
}
