/** Preconditions that are checked before anything is opened. */

import { ordersLeave } from '../desk/desk-venue.js';
import type { LoadedDesk } from '../desk/load.js';
import { type Runtime, writtenFileOf } from '../home/runtime.js';
import { loadDesk } from '../venue/load-desk.js';
import { StartRefused } from './running/runner.js';

/** Throws `DeskFileError` or `StartRefused`. */
export function loadCheckedDesk(runtime: Runtime): LoadedDesk {
  const loaded = loadDesk(runtime.deskFile);
  if (loaded.desk.desk !== runtime.desk) {
    throw new StartRefused(
      `${writtenFileOf(runtime)} is about the desk ${loaded.desk.desk}, not ${runtime.desk}. Nothing was started. ` +
        'Stop Fermata and start it with the desk that you mean (fermata up --desk NAME).',
    );
  }
  if (loaded.configHash !== runtime.configHash) {
    throw new StartRefused(
      `${runtime.deskFile} was changed since Fermata started. Nothing was started with a mix of old and new. ` +
        'Stop Fermata (fermata down) and start it again to trade with the new file, or undo the change.',
    );
  }
  const { kind } = runtime.market;
  if (ordersLeave(loaded.desk) && (kind === 'simulated' || kind === 'recorded')) {
    const trades = loaded.desk.mode === 'live' ? 'real money' : 'the broker’s paper account';
    const otherwise = loaded.desk.mode === 'live' ? 'set mode: paper' : 'remove venue.account';
    throw new StartRefused(
      `${writtenFileOf(runtime)} trades ${trades}, and prices were to be ${kind}. No order was sent. ` +
        `Start it without --data and --market, or ${otherwise}.`,
    );
  }
  return loaded;
}
