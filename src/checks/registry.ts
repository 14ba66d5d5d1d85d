/** Every check that a desk file can name. A new one is a file and a line. */
import { backupAge } from './backup-age.js';
import type { Check } from './check.js';
import { configuration } from './configuration.js';
import { dataFresh } from './data-fresh.js';
import { database } from './database.js';
import { diskSpace } from './disk-space.js';
import { riskSettings } from './risk-settings.js';
import { telegramRoundTrip } from './telegram-round-trip.js';
import { venueReachable } from './venue-reachable.js';

export const CHECKS: ReadonlyMap<string, Check> = new Map([
  ['venue-reachable', venueReachable],
  ['data-fresh', dataFresh],
  ['database', database],
  ['disk-space', diskSpace],
  ['risk-settings', riskSettings],
  ['configuration', configuration],
  ['backup-age', backupAge],
  ['telegram-round-trip', telegramRoundTrip],
]);
