/** Watches the trader from outside: reads the venue's own book every few seconds and stops where the two differ. */
import { loadDesk } from '../desk/load.js';
import type { Desk } from '../desk/schema.js';
import { secretVariable } from '../desk/secret-variable.js';
import type { Instrument } from '../domain/instrument.js';
import { type DeskPaths, deskPaths, homePaths, type Role, type Runtime } from '../home/runtime.js';
import { connectTrader } from '../trader/client.js';
import { buildInstruments } from '../trader/engine-config.js';
import { openLog } from '../trader/log.js';
import { readCredentials } from '../venue/binance/credentials.js';
import { chooseEndpoint } from '../venue/binance/endpoint.js';
import { type AuditParts, createAudit } from './audit.js';
import { exchangeReader } from './exchange-reading.js';
import { readPaperBook } from './paper-book-reading.js';

const LOOK_EVERY_MS = 3_000;

export async function startAuditor(runtime: Runtime): Promise<Role> {
  const log = openLog('auditor');
  const { desk } = loadDesk(runtime.deskFile);
  const paths = deskPaths(homePaths(runtime.home), runtime.desk);
  const trader = connectTrader(paths.controlSocket);
  const instruments = buildInstruments(desk);
  const audit = createAudit({
    trader,
    instruments,
    readBook: bookReader(runtime, desk, paths, instruments),
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

/** With real money by a read-only key of its own where BINANCE_AUDITOR_API_KEY is given, else by the trader's. */
function bookReader(
  runtime: Runtime,
  desk: Desk,
  paths: DeskPaths,
  instruments: readonly Instrument[],
): AuditParts['readBook'] {
  if (desk.mode === 'paper') return () => readPaperBook(paths.paperBook, instruments);
  const { env } = process;
  const ownKey = secretVariable(env, 'BINANCE_AUDITOR_API_KEY');
  const ownSecret = secretVariable(env, 'BINANCE_AUDITOR_SECRET_KEY') ?? '';
  const read = readCredentials(
    ownKey === null ? env : { BINANCE_API_KEY: ownKey, BINANCE_SECRET_KEY: ownSecret },
  );
  if (!read.ok) throw new Error(`the auditor can't read the account: ${read.problem}. ${read.doThis}`);
  const endpoint = chooseEndpoint(desk.venue.testnet, {
    BINANCE_SIMULATOR_URL: runtime.simulatedVenue ?? env.BINANCE_SIMULATOR_URL,
  });
  const { credentials } = read;
  return exchangeReader({ endpoint, credentials, instruments, foreign: desk.venue.foreign });
}
