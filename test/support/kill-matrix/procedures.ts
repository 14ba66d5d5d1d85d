import type { Procedure } from './procedure.js';
import { backup } from './procedures/backup.js';
import { closeAll, stop } from './procedures/emergencies.js';
import { incident } from './procedures/incident.js';
import { resumption } from './procedures/resumption.js';
import { routine } from './procedures/routine.js';
import { settings } from './procedures/settings.js';

/** Over in seconds, also where a process is killed: the sample draws from these. */
export const QUICK_PROCEDURES: readonly Procedure[] = [
  routine,
  incident,
  stop,
  closeAll,
  resumption,
  settings,
  backup,
];
