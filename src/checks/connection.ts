import { connect } from 'node:net';
import { z } from 'zod';
import { deskEnvironment } from '../desk/desk-environment.js';
import { withLimitsInForce } from '../desk/desk-settings.js';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import { messageOf } from '../domain/message-of.js';
import { WARMING_UP } from '../domain/order-words.js';
import { monthsTold } from '../trader/engine-config.js';
import { readStatus } from '../trader/read-status.js';
import { tradedVenue } from '../venue/registry.js';
import { check } from './check.js';
import { whyNoPriceIsDue } from './market-now.js';
import { testConnection } from './preflight/connection-reading.js';

type Gateway = { readonly host: string; readonly port: number };

/**
 * Checks that something listens where the venue's companion program should be. It can't tell which program that is, or
 * whether it is logged in.
 */
export const venuePort = check(
  'The program that leads to the venue listens',
  z.strictObject({ answerMsMax: z.number().min(1).default(2_000) }),
  async ({ desk, runtime }, { answerMsMax }) => {
    let gateway: Gateway | undefined;
    try {
      const { live } = tradedVenue(desk.venue.name);
      gateway = live.gateway?.(live.endpoint(desk, runtime.simulatedVenue));
    } catch (error) {
      // An unreadable address doesn't mean that the program is down.
      return { verdict: 'not_run', observed: messageOf(error), expected: 'an address to knock at' };
    }
    if (gateway === undefined) {
      const observed = `no program of the desk’s own leads to ${desk.venue.name}`;
      return { verdict: 'not_run', observed, expected: 'an address to knock at' };
    }
    const expected = `something listens at ${gateway.host}:${gateway.port}, and answers within ${answerMsMax} ms`;
    const problem = await knock(gateway, answerMsMax);
    if (problem !== null) return { verdict: 'fail', observed: problem, expected };
    return { verdict: 'pass', observed: `${gateway.host}:${gateway.port} answers`, expected };
  },
);

/** Null if the connection was accepted. */
function knock(gateway: Gateway, withinMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(gateway);
    const end = (problem: string | null) => {
      resolve(problem);
      socket.destroy();
    };
    socket.setTimeout(withinMs, () => end(`no answer within ${withinMs} ms`));
    socket.once('connect', () => end(null));
    socket.once('error', ({ message }) => end(message));
  });
}

/** The connection test as a step of a routine: one piece of evidence with all three parts. */
export const connectionTest = check(
  'Session, prices and balance by connections of its own',
  NO_PARAMETERS,
  async ({ desk, runtime, trader }) => {
    // The test doesn't depend on the trader: if it doesn't answer, only the months are missing.
    const months = await readStatus({ trader }).then(monthsTold, () => undefined);
    const question = { desk, env: deskEnvironment(), simulatedVenue: runtime.simulatedVenue, months };
    const { endpoint, parts, verdict } = await testConnection(question, Date.now());
    const of = (what: 'observed' | 'expected') =>
      parts.map((part) => `${part.title}: ${part[what]}`).join('; ');
    return { verdict, observed: `${endpoint}. ${of('observed')}`, expected: of('expected') };
  },
);

/** A start while the broker's history is away leaves them blind for hours, with fresh prices. */
export const warmedUp = check(
  'Each strategy that is on has seen the past bars that it needs',
  NO_PARAMETERS,
  async ({ trader }) => {
    const { notTrading, strategies } = await readStatus({ trader });
    const blind = notTrading.filter(({ reason }) => reason.startsWith(WARMING_UP));
    const words = blind.map(({ subject, reason }) => `${subject}: ${reason}`);
    return {
      verdict: blind.length === 0 ? 'pass' : 'fail',
      observed: blind.length === 0 ? `none of ${strategies.length} is warming up` : words.join(', '),
      expected: 'no strategy that is on is still warming up',
    };
  },
);

export const dataFresh = check('Prices are fresh', NO_PARAMETERS, async ({ trader, desk: file }) => {
  const { marketData, settings } = await readStatus({ trader });
  const desk = withLimitsInForce(file, settings);
  const ageMsMax = desk.risk.staleDataSeconds * 1_000;
  const expected = `prices arrive, the last at most ${desk.risk.staleDataSeconds} s old`;
  const notDue = whyNoPriceIsDue(desk, marketData);
  if (notDue !== null) return { verdict: 'pass', observed: `${notDue}: no price is due`, expected };
  const { state, lastQuoteAgeMs } = marketData;
  const age =
    lastQuoteAgeMs === null ? 'no price yet' : `last price ${(lastQuoteAgeMs / 1_000).toFixed(1)} s old`;
  const fresh = state === 'up' && lastQuoteAgeMs !== null && lastQuoteAgeMs <= ageMsMax;
  return { verdict: fresh ? 'pass' : 'fail', observed: `feed is ${state}, ${age}`, expected };
});
