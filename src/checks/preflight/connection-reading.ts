/**
 * The test before the open, on separate connections: is there a session, do prices arrive, what is in the
 * account.
 */
import { type EvidenceVerdict, VERDICT_RANK } from '../../contracts/evidence.js';
import type { CheckOutcome } from '../../contracts/routine.js';
import { placesIn } from '../../domain/figure-text.js';
import { messageOf } from '../../domain/message-of.js';
import { formatMoney } from '../../domain/money.js';
import { buildInstruments } from '../../trader/engine-config.js';
import type { LiveAddresses, PriceSource, VenueEndpoint } from '../../venue/prices.js';
import {
  addressesAt,
  priceSourceOf,
  pricesOnly,
  type TradedVenue,
  tradedVenue,
} from '../../venue/registry.js';
import { closedNow } from '../market-now.js';
import { type ExchangeQuestion, type ExchangeReading, readExchange, withAdvice } from './exchange-reading.js';

interface ConnectionPart extends CheckOutcome {
  readonly title: string;
}

export interface ConnectionTest {
  /** As shown to people. */
  readonly endpoint: string;
  /** Session, market data, balance. */
  readonly parts: readonly ConnectionPart[];
  readonly verdict: EvidenceVerdict;
}

const PRICES_MS = 10_000;

/**
 * Independent of the trader, which may run or not. Never throws: a part that could not be queried is
 * `not_run`, and says why.
 */
export async function testConnection(question: ExchangeQuestion, nowMs: number): Promise<ConnectionTest> {
  const { desk, env, simulatedVenue } = question;
  const { name } = desk.venue;
  const only = pricesOnly(name);
  if (only !== null) {
    const addresses = simulatedVenue === undefined ? null : addressesAt(name, simulatedVenue);
    const data = await marketData(question, priceSourceOf(name), addresses, nowMs);
    const label = simulatedVenue === undefined ? name : `${name} simulator at ${simulatedVenue}`;
    return testOf(label, [notAsked(SESSION, only), data, notAsked(BALANCE, only)]);
  }
  let venue: TradedVenue;
  let endpoint: VenueEndpoint;
  try {
    venue = tradedVenue(name);
    endpoint = venue.live.endpoint(desk, simulatedVenue, env);
  } catch (error) {
    return testOf(
      name,
      TITLES.map((title) => notAsked(title, messageOf(error))),
    );
  }
  const signedIn = venue.live.signIn(env);
  const [account, data] = await Promise.all([
    signedIn.ok ? readExchange(question) : `${signedIn.problem}. ${signedIn.doThis}`,
    marketData(question, venue.prices, venue.prices.redirect(endpoint), nowMs),
  ]);
  const label = venue.live.label(endpoint);
  if (typeof account === 'string')
    return testOf(label, [notAsked(SESSION, account), data, notAsked(BALANCE, account)]);
  return testOf(label, [session(account, question), data, balance(account)]);
}

const SESSION = 'session';
const DATA = 'market data';
const BALANCE = 'account balance';
const TITLES = [SESSION, DATA, BALANCE];

function testOf(endpoint: string, parts: readonly ConnectionPart[]): ConnectionTest {
  const verdict = parts.reduce<EvidenceVerdict>(
    (worst, part) => (VERDICT_RANK[part.verdict] > VERDICT_RANK[worst] ? part.verdict : worst),
    'pass',
  );
  return { endpoint, parts, verdict };
}

const notAsked = (title: string, why: string): ConnectionPart => ({
  ...{ title, verdict: 'not_run', observed: why, expected: 'a venue that can be asked' },
});

function session({ permissions, balances }: ExchangeReading, question: ExchangeQuestion): ConnectionPart {
  const said = { title: SESSION, expected: 'established' } as const;
  const why = permissions.ok ? permissions.value.problems.join('; ') : permissions.why;
  if (why === '') return { ...said, verdict: 'pass', observed: 'established' };
  // If the account can be read, the venue answers, and advice on reaching it would not help.
  return { ...said, verdict: 'fail', observed: balances.ok ? why : withAdvice(why, question) };
}

function balance({ balances }: ExchangeReading): ConnectionPart {
  const said = { title: BALANCE, expected: 'known' } as const;
  if (!balances.ok) return { ...said, verdict: 'fail', observed: `not known: ${balances.why}` };
  const { cash, currency } = balances.value;
  return { ...said, verdict: 'pass', observed: `${formatMoney(cash, placesIn(currency))} ${currency}` };
}

async function marketData(
  { desk, months }: ExchangeQuestion,
  prices: PriceSource,
  addresses: LiveAddresses | null,
  nowMs: number,
): Promise<ConnectionPart> {
  const instruments = buildInstruments(desk, months);
  const symbols = instruments.map(({ symbol }) => symbol);
  const said = { title: DATA, expected: `prices of ${symbols.join(', ')}` };
  const closed = closedNow(desk, nowMs);
  if (closed !== null) return { ...said, verdict: 'pass', observed: `${closed}: no price is due` };
  try {
    const source = await prices.open({ instruments, timeoutMs: PRICES_MS, addresses, reader: 'test' });
    try {
      const told = (await source.fetchQuotes(symbols)).filter(
        ({ bid, ask }) => bid !== undefined && ask !== undefined,
      );
      const silent = symbols.filter((symbol) => !told.some((one) => one.symbol === symbol));
      const quotes = told.map(({ symbol, bid, ask }) => `${symbol} ${bid} / ${ask}`);
      const observed = [...quotes, ...silent.map((symbol) => `${symbol}: no price`)].join(', ');
      return { ...said, verdict: silent.length === 0 ? 'pass' : 'fail', observed };
    } finally {
      await source.close();
    }
  } catch (error) {
    return { ...said, verdict: 'fail', observed: messageOf(error) };
  }
}
