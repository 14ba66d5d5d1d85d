/** What the SLOB desk does that the crypto desk does not: its routines, the incidents of its own kinds, and what ends and starts all of it. */
import type { Procedure } from '../procedure.js';
import { deploy } from './deploy.js';
import { ownIncident } from './own-incident.js';
import { restore } from './restore.js';
import { roll } from './roll.js';
import { routineNamed } from './routine.js';

export const SLOB_PROCEDURES: readonly Procedure[] = [
  ...[
    'morning',
    'quick-check',
    'hourly-review',
    'close',
    'weekly',
    'friday',
    'monthly',
    'maintenance',
    'daily-summary',
  ].map((name) => routineNamed(name)),
  ownIncident('connection-lost'),
  ownIncident('database-corruption'),
  ownIncident('breaker-triggered', 'A: smaller positions'),
  ownIncident('order-rejected'),
  ownIncident('mail-missing'),
  roll,
  restore,
  deploy,
];
