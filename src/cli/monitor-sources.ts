/**
 * Where a command reads what the monitor shows of a desk: over connections of its own, opened for one reading each.
 */
import type { MonitorSources } from '../checks/read-monitor.js';
import { calendarOf, deskPaths, homePaths, type Runtime } from '../home/runtime.js';
import { storedSizes } from '../reports/sizes.js';
import { openPool } from '../store/pool.js';
import { connectTrader } from '../trader/client.js';

const TRADER_MS = 5_000;

export const sourcesOf = (runtime: Runtime): MonitorSources => ({
  ...{ home: runtime.home, desk: runtime.desk, calendar: calendarOf(runtime) },
  status: async () => {
    const trader = connectTrader(deskPaths(homePaths(runtime.home), runtime.desk).controlSocket);
    try {
      return await trader.call('status', {}, { timeoutMs: TRADER_MS });
    } finally {
      trader.close();
    }
  },
  stored: async () => {
    const pool = openPool(runtime, 'monitor');
    try {
      return await storedSizes(pool, runtime.desk);
    } finally {
      await pool.end();
    }
  },
});
