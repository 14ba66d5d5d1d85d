/** Best bid and ask from the exchange's public API. `root`: the address of its REST interface. */
import type { Instrument } from '../../domain/instrument.js';
import type { OwnPrices } from '../port.js';
import { steadyNowMs } from '../steady-clock.js';
import { silenceMs } from './answer.js';
import { INVALID_SYMBOL } from './outcomes.js';

interface BookTicker {
  readonly symbol: string;
  readonly bidPrice: string;
  readonly askPrice: string;
}

/** A symbol that is halted without a bid or no longer listed has no price; the others still have theirs. */
export async function exchangePrices(root: string, instruments: readonly Instrument[]): Promise<OwnPrices> {
  const rows = await tickersOf(
    root,
    instruments.map(({ symbol }) => symbol.replace('/', '')),
  );
  const byName = new Map(rows.map((row) => [row.symbol, row]));
  return new Map(
    instruments.flatMap(({ symbol }) => {
      const row = byName.get(symbol.replace('/', ''));
      if (row === undefined || !(Number(row.bidPrice) > 0)) return [];
      return [[symbol, { bid: Number(row.bidPrice), ask: Number(row.askPrice) }] as const];
    }),
  );
}

/** The exchange refuses the whole list over one unknown symbol; then each is requested on its own. */
async function tickersOf(root: string, symbols: readonly string[]): Promise<readonly BookTicker[]> {
  const list = encodeURIComponent(JSON.stringify(symbols));
  try {
    return (await askExchange(`${root}/api/v3/ticker/bookTicker?symbols=${list}`)) as readonly BookTicker[];
  } catch (error) {
    if (!(error instanceof ExchangeRefused) || error.code !== INVALID_SYMBOL) throw error;
    if (symbols.length < 2) return [];
    return (await Promise.all(symbols.map((symbol) => tickersOf(root, [symbol])))).flat();
  }
}

const ANSWER_MS = 5_000;

class ExchangeRefused extends Error {
  override readonly name = 'ExchangeRefused';

  /** `code`: the exchange's own error code; null if it gave none. */
  constructor(
    status: number,
    readonly code: number | null,
  ) {
    super(`the exchange answered the auditor with ${status}${code === null ? '' : ` (${code})`}`);
  }
}

/**
 * End of the silence that an exchange asked for, by its address. The trader sends from the same machine:
 * requests before then turn a minute's wait into a ban of days for both.
 */
const silentUntilMs = new Map<string, number>();

/** Errors never contain the address: it may hold a signature. */
export async function askExchange(url: string, apiKey?: string): Promise<unknown> {
  const { origin } = new URL(url);
  const untilMs = silentUntilMs.get(origin) ?? 0;
  if (steadyNowMs() < untilMs)
    throw new Error(`the exchange wants silence until ${new Date(untilMs).toISOString()}`);
  const headers = apiKey === undefined ? {} : { 'X-MBX-APIKEY': apiKey };
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
  if (response.ok) return response.json();
  if (response.status === 429 || response.status === 418) {
    const seconds = response.headers.get('retry-after') ?? '';
    const wantedMs = steadyNowMs() + silenceMs(/^\d{1,9}$/.test(seconds) ? Number(seconds) : null);
    // Another request in flight may have been told to wait longer.
    silentUntilMs.set(origin, Math.max(silentUntilMs.get(origin) ?? 0, wantedMs));
  }
  const body = (await response.json().catch(() => null)) as { readonly code?: unknown } | null;
  throw new ExchangeRefused(response.status, typeof body?.code === 'number' ? body.code : null);
}
