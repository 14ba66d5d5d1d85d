/**
 * The account at the exchange, read without the trader's adapter and, if there is one, with the auditor's own
 * key: an error shared by trader and auditor would never be seen.
 */
import { createHmac } from 'node:crypto';
import { parseMoney } from '../../domain/money.js';
import type { ReadBook } from '../definition.js';
import type { BookReading } from '../port.js';
import { askExchange, exchangePrices } from './best-prices.js';
import type { BinanceCredentials } from './credentials.js';
import { rootOf } from './endpoint.js';
import { type KeyPermissions, readKeyPermissions } from './permissions.js';

const UNITS = 8;

interface Balance {
  readonly asset: string;
  readonly free: string;
  readonly locked: string;
}

interface ExchangeToRead extends ReadBook {
  readonly credentials: BinanceCredentials;
}

/** Each call of the result makes a new reading. Rejects if the exchange does not answer as it should. */
export function exchangeReader(exchange: ExchangeToRead): () => Promise<BookReading> {
  const { instruments, foreign } = exchange;
  return async () => {
    const [balances, prices] = await Promise.all([
      readBalances(exchange),
      exchangePrices(rootOf(exchange.endpoint), instruments),
    ]);
    const positions = new Map<string, number>();
    const dustLots = new Map<string, number>();
    for (const instrument of instruments) {
      const { symbol, base, lotSize, minNotional } = instrument;
      const held = (balances.get(base) ?? 0) - parseMoney(foreign[base] ?? '0');
      const lots = Math.max(0, Math.floor(held / parseMoney(lotSize)));
      if (lots > 0) positions.set(symbol, lots);
      const price = prices.get(symbol)?.bid ?? 0;
      // Without a price, any amount may be too small to sell.
      const most =
        price > 0 ? minNotional / (price * Number(lotSize)) / 10 ** UNITS : Number.MAX_SAFE_INTEGER;
      dustLots.set(symbol, Math.floor(most));
    }
    const quote = instruments[0]?.quote ?? '';
    const cash = (balances.get(quote) ?? 0) - parseMoney(foreign[quote] ?? '0');
    return { cash, positions, dustLots };
  };
}

async function readBalances(exchange: ExchangeToRead): Promise<ReadonlyMap<string, number>> {
  const account = (await askSigned(exchange, '/api/v3/account', 'omitZeroBalances=true&')) as {
    balances: readonly Balance[];
  };
  return new Map(
    account.balances.map(({ asset, free, locked }) => [asset, parseMoney(free) + parseMoney(locked)]),
  );
}

/** What the key may do. Rejects if the exchange does not answer as it should. */
export async function readRestrictions(exchange: ExchangeToRead): Promise<KeyPermissions> {
  return readKeyPermissions(await askSigned(exchange, '/sapi/v1/account/apiRestrictions'));
}

/** `parameters`: each with an ampersand at its end. */
async function askSigned(
  { endpoint, credentials }: ExchangeToRead,
  path: string,
  parameters = '',
): Promise<unknown> {
  const root = rootOf(endpoint);
  const { serverTime } = (await askExchange(`${root}/api/v3/time`)) as { serverTime: number };
  const query = `${parameters}recvWindow=5000&timestamp=${serverTime}`;
  const signature = createHmac('sha256', credentials.secret).update(query).digest('hex');
  return askExchange(`${root}${path}?${query}&signature=${signature}`, credentials.apiKey);
}
