/** Watches the trader from outside: reads the venue's own book every few seconds and stops where the two differ. */
import { loadDesk } from '../desk/load.js';
import { deskPaths, homePaths, type Role, type Runtime } from '../home/runtime.js';
import { connectTrader } from '../trader/client.js';
import { buildInstruments } from '../trader/engine-config.js';
import { openLog } from '../trader/log.js';
import { createAudit } from './audit.js';
import { readPaperBook } from './paper-book-reading.js';

const LOOK_EVERY_MS = 3_000;

export async function startAuditor(runtime: Runtime): Promise<Role> {
  const log = openLog('auditor');
  const { desk } = loadDesk(runtime.deskFile);
  if (desk.mode !== 'paper') {
    throw new Error('the auditor reads paper books only: no venue with real money can be traded yet');
  }
  const paths = deskPaths(homePaths(runtime.home), runtime.desk);
  const trader = connectTrader(paths.controlSocket);
  const instruments = buildInstruments(desk);
  const audit = createAudit({
    trader,
    instruments,
    readBook: () => readPaperBook(paths.paperBook, instruments),
  });

  let lastProblem = '';
  let running = Promise.resolve();
  const look = async (): Promise<void> => {
    try {
      const halted = await audit();
      if (halted !== null) log('error', `halted: the venue's book differs from the trader's: ${halted}`);
      lastProblem = '';
    } catch (error) {
      // A trader that does not answer is the supervisor's business; a book that can't be read is worth a line.
      const problem = error instanceof Error ? error.message : String(error);
      if (problem !== lastProblem) log('warn', `nothing could be compared: ${problem}`);
      lastProblem = problem;
    }
  };
  const timer = setInterval(() => {
    running = running.then(look);
  }, LOOK_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
      trader.close();
    },
  };
}
