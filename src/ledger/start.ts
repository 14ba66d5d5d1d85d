/** The ledger role: the trader's journal, followed into Postgres. */
import pino from 'pino';
import { logOutput } from '../home/desk-in-process.js';
import { deskPaths, homePaths, type Role, type Runtime } from '../home/runtime.js';
import { openPool } from '../store/pool.js';
import { connectTrader } from '../trader/client.js';
import { loadDesk } from '../venue/load-desk.js';
import { collectCandles } from './collect-candles.js';
import { followJournal } from './follow-journal.js';

/** Ready at once: it waits for the trader and for Postgres by itself. */
export async function startLedger(runtime: Runtime): Promise<Role> {
  const log = pino({ base: { part: 'ledger' } }, logOutput());
  const pool = openPool(runtime, 'ledger');
  const trader = connectTrader(deskPaths(homePaths(runtime.home), runtime.desk).controlSocket);
  const follower = followJournal({
    desk: runtime.desk,
    pool,
    trader,
    log: (level, text) => log[level](text),
  });
  const candles = collectCandles({
    desk: runtime.desk,
    symbols: loadDesk(runtime.deskFile).desk.instruments.map(({ symbol }) => symbol),
    pool,
    trader,
    log: (level, text) => log[level](text),
  });
  return {
    stop: async () => {
      await Promise.all([follower.stop(), candles.stop()]);
      trader.close();
      await pool.end();
    },
  };
}
