/**
 * The activities of the emergency workflows apart from the calls to traders: which traders there are, evidence, and an
 * alarm.
 */

import type { AdmittedIncarnation, EmergencyActivities } from '../contracts/emergency.js';

import { alarmNotice } from '../notify/alarm-notice.js';
import { notify } from '../notify/notify.js';
import type { Pool } from '../store/pool.js';
import { aboutThisRun, activityKey } from './activity-key.js';
import { askForReasons } from './ask-for-reasons.js';
import { type AlarmLog, raiseAlarm } from './raise-alarm.js';
import { createEvidenceActivities } from './record-evidence.js';

export interface EmergencyDependencies {
  readonly pool: Pool;
  readonly log: AlarmLog;
  readonly knownIncarnations: () => Promise<readonly string[]>;
  readonly goneTraders: () => Promise<readonly AdmittedIncarnation[]>;
  /** FERMATA_HOME, where notices are spooled while Postgres is down; null: they are not spooled. */
  readonly home: string | null;
}

export function createEmergencyActivities(dependencies: EmergencyDependencies): EmergencyActivities {
  const { pool, log, knownIncarnations, goneTraders, home } = dependencies;
  const { recordEvidenceBatch } = createEvidenceActivities(pool);
  return {
    recordEvidenceBatch: async (run, steps) => {
      await recordEvidenceBatch(run, steps);
      // The recorded evidence counts, whether or not anybody could be asked for a reason.
      await askForReasons(pool, home, run.desk, steps).catch(() => undefined);
    },
    knownIncarnations,
    goneTraders,
    raiseAlarm: async (alarm) => {
      raiseAlarm(log, alarm);
      // A stop doesn't wait until people are told: a notice that can't be written now is in the log.
      await notify(pool, aboutThisRun(alarmNotice(alarm, activityKey())), home).catch(() => undefined);
    },
  };
}
