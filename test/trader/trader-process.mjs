/**
 * One trader alone in a process, as it is built. Arguments: runtime file, and where it shall kill itself:
 * `after-submit:<n>`, right after the venue has taken its n-th order and before the trader hears of it. Or `full-disk:<file>`:
 * nothing can be written to the disk while there is this file.
 */
import { existsSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { openPaperVenue } from '../../dist/run/paper-venue.js';
import { startTraderOn } from '../../dist/run/trader.js';

const [runtimeFile, failpoint] = process.argv.slice(2);
const runtime = JSON.parse(readFileSync(runtimeFile, 'utf8'));
const killAtOrder = failpoint?.startsWith('after-submit:') ? Number(failpoint.split(':')[1]) : null;

if (failpoint?.startsWith('full-disk:')) {
  const flag = failpoint.slice('full-disk:'.length);
  const handle = await open(runtimeFile);
  const file = Object.getPrototypeOf(handle);
  const { write } = file;
  file.write = function written(...what) {
    if (existsSync(flag)) throw new Error('no space left on device');
    return write.apply(this, what);
  };
  await handle.close();
}

function openVenue(options) {
  const venue = openPaperVenue(options);
  if (killAtOrder === null) return venue;
  const submit = venue.submit.bind(venue);
  let orders = 0;
  venue.submit = async (order) => {
    const outcome = await submit(order);
    orders += 1;
    if (orders === killAtOrder) process.kill(process.pid, 'SIGKILL');
    return outcome;
  };
  return venue;
}

try {
  const role = await startTraderOn(runtime, openVenue);
  process.on('SIGTERM', () => void role.stop().then(() => process.exit(0)));
  if (process.connected) process.send?.({ type: 'ready' });
} catch (error) {
  process.send?.({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  process.exit(1);
}
