/**
 * Watches the trader from outside: reads the venue's own book and prices every few seconds, and stops the desk if
 * they can't be right.
 */
import { notTheDesks } from '../desk/fee-assets.js';
import { ordersLeave } from '../desk/orders-leave.js';
import type { Desk } from '../desk/schema.js';
import type { Instrument } from '../domain/instrument.js';
import { messageOf } from '../domain/message-of.js';
import { deskPaths, homePaths, type Role, type Runtime } from '../home/runtime.js';
import { connectTrader } from '../trader/client.js';
import { buildInstruments } from '../trader/engine-config.js';
import { openLog } from '../trader/log.js';
import type { VenueEndpoint } from '../venue/endpoint.js';
import { credentialNames } from '../venue/environment.js';
import { loadDesk } from '../venue/load-desk.js';
import { tradedVenue } from '../venue/registry.js';
import { type AuditParts, createAudit } from './audit.js';
import { ownPrices } from './own-prices.js';
import { readPaperBook } from './paper-book-reading.js';

const LOOK_EVERY_MS = 3_000;

export async function startAuditor(runtime: Runtime): Promise<Role> {
  const log = openLog('auditor');
  const { desk } = loadDesk(runtime.deskFile);
  const paths = deskPaths(homePaths(runtime.home), runtime.desk);
  const trader = connectTrader(paths.controlSocket);
  const instruments = buildInstruments(desk);
  const endpoint = ordersLeave(desk)
    ? tradedVenue(desk.venue.name).live.endpoint(desk, runtime.simulatedVenue)
    : null;
  let lastMissing = '';
  const audit = createAudit({
    trader,
    instruments,
    risk: desk.risk,
    readBook:
      endpoint === null
        ? () => readPaperBook(paths.paperBook, instruments)
        : accountReader(endpoint, desk, instruments),
    readPrices: ownPrices(
      desk,
      instruments,
      endpoint && { venue: desk.venue.name, endpoint },
      runtime.simulatedFeeds,
    ),
    onPricesMissing: (why) => {
      if (why !== lastMissing) log('warn', `equity and limits could not be looked at: ${why}`);
      lastMissing = why;
    },
  });

  let lastProblem = '';
  let running = Promise.resolve();
  const look = async (): Promise<void> => {
    try {
      const halted = await audit();
      if (halted !== null) log('error', `halted: ${halted}`);
      lastProblem = '';
    } catch (error) {
      // A trader that does not answer is the supervisor's business; a book that can't be read is worth a log line.
      const problem = messageOf(error);
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

/** Uses a read-only key of the auditor's own if there is one, otherwise the trader's if this process has it. */
function accountReader(
  endpoint: VenueEndpoint,
  desk: Desk,
  instruments: readonly Instrument[],
): AuditParts['readBook'] {
  const { live } = tradedVenue(desk.venue.name);
  const signedIn = live.signInToRead(process.env);
  if (signedIn.ok) return signedIn.access.bookReader({ endpoint, instruments, foreign: notTheDesks(desk) });
  const own = credentialNames(live, 'auditor').join(' and ');
  const needed = own === '' ? 'that is put right' : `${own} hold a read-only key`;
  throw new Error(
    `the auditor can't read the account: ${signedIn.problem}. Nobody watches it from outside until ${needed} (${live.page}).`,
  );
}
