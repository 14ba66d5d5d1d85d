/** The SLOB desk as it ships, but that only what a cell asks for happens: nothing is due by the clock, and no market closes. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseDocument } from 'yaml';
import { resolveDesk } from '../../../src/desk/resolve-desk.js';
import { BUCKET } from '../../backup/offsite-bench.js';

/** What says when a routine is due; by the cells it is begun at any hour. */
const DUE = ['at', 'every', 'session', 'weekdays', 'daysOfMonth', 'latestMinutes'];

/** `storage`: address of the simulated one. */
export function slobDeskForKills(folder: string, storage: { endpoint: string; region: string }): string {
  const file = join(folder, 'slob', 'desk.yaml');
  cpSync(dirname(resolveDesk('slob')), dirname(file), { recursive: true });
  const document = parseDocument(readFileSync(file, 'utf8'));
  const { routines } = document.toJS() as { routines: readonly object[] };
  routines.forEach((_, at) => {
    for (const key of DUE) document.deleteIn(['routines', at, key]);
  });
  document.deleteIn(['instruments', 0, 'sessions']);
  document.setIn(
    ['backup', 's3'],
    document.createNode({ endpoint: storage.endpoint, region: storage.region, bucket: BUCKET }),
  );
  writeFileSync(file, document.toString());
  return file;
}
