/** A live desk that is not due by the clock, and whose first period is over in a moment. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { liveDeskText } from '../../go-live/support/live-desk.js';
import { START } from './desk-file.js';

const WATCH_HOURS = 0.0005;

export function liveDeskForKills(folder: string): string {
  const document = parseDocument(liveDeskText());
  document.setIn(['routines'], [START]);
  document.setIn(['goLive', 'watchHours'], WATCH_HOURS);
  document.setIn(['goLive', 'ramp'], []);
  const file = join(folder, 'crypto-live.yaml');
  writeFileSync(file, document.toString());
  return file;
}
