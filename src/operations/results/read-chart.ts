/** The data for a price chart of an instrument: bars, the fills in them, and the current levels. */
import type { BarStatus, TraderStatus } from '../../contracts/trader-status.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import { ofAccountInUse } from '../../store/read-ledger.js';
import { readStatus } from '../../trader/read-status.js';
import type { OperationContext } from '../operation.js';

export interface ChartRequest {
  /** Null: the first instrument with a position, else the desk's first. */
  readonly symbol: string | null;
  /** Minutes of market time up to now; at most 1,000, the most bars that the trader returns. */
  readonly minutes: number;
}

interface ChartFill {
  readonly side: 'buy' | 'sell';
  readonly marketMs: number;
}

interface ChartFills {
  readonly count: number;
  /** Oldest first; at most 500. */
  readonly newest: readonly ChartFill[];
}

export interface ChartLevel {
  readonly kind: 'position' | 'stop' | 'entry' | 'target';
  readonly name: string;
  /** Decimal text. */
  readonly price: string;
}

export interface ChartShown {
  readonly symbol: string;
  /** Finished bars, oldest first; minutes without prices have none. */
  readonly bars: readonly BarStatus[];
  /** Null while Postgres is down. */
  readonly fills: ChartFills | null;
  readonly levels: readonly ChartLevel[];
  /** Label of the prices. */
  readonly label: string;
  readonly simulated: boolean;
}

const ANSWER_MS = 3_000;
const FILLS_MAX = 500;

/** Rejects with `TraderUnavailable`, or with `ControlFailure` if the symbol is not one of the desk's. */
export async function readChart(
  context: Pick<OperationContext, 'desk' | 'pool' | 'trader'>,
  request: ChartRequest,
): Promise<ChartShown> {
  const { desk, pool, trader } = context;
  const status = await readStatus(context);
  const symbol = request.symbol ?? status.positions[0]?.symbol ?? desk.instruments[0]?.symbol ?? '';
  const asked = { symbol, count: request.minutes, sinceMs: 0 };
  const answer = await trader.call('bars', asked, { timeoutMs: ANSWER_MS });
  // Selected by time, not by number: a recording may have hourly bars, and a feed has gaps.
  const sinceMs = status.marketData.marketMs - request.minutes * MINUTE_MS;
  const bars = answer.bars.filter(({ openMs, spanMs }) => openMs + spanMs > sinceMs);
  const since = new Date(bars[0]?.openMs ?? sinceMs);
  const fills = await pool
    .query<ChartFill & { readonly count: number }>(
      `select side, (extract(epoch from market) * 1000)::float8 as "marketMs", (count(*) over ())::int as count from fills
        where desk = $1 and ${ofAccountInUse()} and symbol = $2 and market >= $3 order by market desc limit $4`,
      [desk.desk, symbol, since, FILLS_MAX],
    )
    .then(
      ({ rows }): ChartFills => ({ count: rows[0]?.count ?? 0, newest: rows.reverse() }),
      () => null,
    );
  const { label, simulated } = status.marketData;
  return { symbol, bars, fills, levels: levelsOf(status, symbol), label, simulated };
}

function levelsOf({ positions, orders }: TraderStatus, symbol: string): readonly ChartLevel[] {
  const ofPosition = positions
    .filter((one) => one.symbol === symbol)
    .flatMap(({ side, averagePrice, stopPrice }): ChartLevel[] => [
      { kind: 'position', name: `${side} from`, price: averagePrice },
      ...(stopPrice === null ? [] : [{ kind: 'stop', name: 'stop', price: stopPrice } as const]),
    ]);
  const ofOrders = orders.flatMap(({ symbol: of, purpose, price, worstPrice }): ChartLevel[] => {
    if (of !== symbol || price === null) return [];
    const name = worstPrice === undefined ? 'entry' : 'entry triggers';
    if (purpose === 'entry') return [{ kind: 'entry', name, price }];
    return purpose === 'exit' ? [{ kind: 'target', name: 'target', price }] : [];
  });
  return [...ofPosition, ...ofOrders];
}
