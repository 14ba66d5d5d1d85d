/** The ledger role: the trader's journal, followed into Postgres. */
import pino from 'pino';
import { logOutput } from '../home/desk-in-process.js';
import { deskPaths, homePaths, type Role, type Runtime } from '../home/runtime.js';
import { openPool } from '../store/pool.js';
import { takeTurn } from '../store/take-turn.js';
import { connectTrader } from '../trader/client.js';
import { loadDesk } from '../venue/load-desk.js';
import { collectCandles } from './collect-candles.js';
import { followJournal } from './follow-journal.js';

/**
 * Ready at once: it waits for the trader and for Postgres by itself, and for its turn where another process is the
 * desk's ledger.
 */
export async function startLedger(runtime: Runtime): Promise<Role> {
  const log = pino({ base: { part: 'ledger' } }, logOutput());
  const pool = openPool(runtime, 'ledger');
  const trader = connectTrader(deskPaths(homePaths(runtime.home), runtime.desk).controlSocket);
  const parts = {
    desk: runtime.desk,
    pool,
    trader,
    log: (level: 'info' | 'warn' | 'error', text: string) => log[level](text),
  };
  const symbols = loadDesk(runtime.deskFile).desk.instruments.map(({ symbol }) => symbol);
  const turn = takeTurn(runtime, 'ledger', log, () => {
    const running = [followJournal(parts), collectCandles({ ...parts, symbols })];
    return { stop: () => Promise.all(running.map((one) => one.stop())) };
  });
  return {
    stop: async () => {
      await turn.stop();
      trader.close();
      await pool.end();
    },
  };
}
