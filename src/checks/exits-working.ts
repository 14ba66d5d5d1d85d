import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckOutcome } from '../contracts/routine.js';
import type { OrderStatus, PositionStatus, TraderStatus } from '../contracts/trader-status.js';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import { addDecimals } from '../domain/decimal.js';
import { isZero } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';
import { readStatus } from '../trader/read-status.js';
import { type CheckContext, check } from './check.js';

const READ_MS = 6_000;
/** If a stop is being moved, its new order is in place by then. */
const AGAIN_MS = 500;

const EXPECTED =
  'for every position a stop for all of it among the orders that the venue lists as open and, where the venue links orders, the target that closes it';

/**
 * Checks the stop and target of every position against the venue's current list of orders, which the trader
 * reads: our own book by itself is no proof. A failure is checked twice.
 */
export const exitsWorking = check(
  'Stops and targets work at the venue',
  NO_PARAMETERS,
  async ({ trader }) => {
    const first = await look(trader);
    if (first.verdict !== 'fail') return first;
    await sleep(AGAIN_MS);
    return look(trader);
  },
);

async function look(trader: CheckContext['trader']): Promise<CheckOutcome> {
  const asked = await ask(trader);
  if ('cause' in asked)
    return {
      verdict: 'not_run',
      observed: `the venue could not be asked: ${asked.cause}`,
      expected: EXPECTED,
    };
  const { status, listed } = asked;
  if (status.positions.length === 0)
    return { verdict: 'pass', observed: 'nothing is held', expected: EXPECTED };
  const held = status.positions.flatMap(heldIn);
  const found = held.map((one) => childrenOf(one, status, listed));
  const missing = found.flatMap((one) => one.missing);
  const observed = [...missing, ...found.flatMap((one) => one.working)].join('; ');
  return { verdict: missing.length > 0 ? 'fail' : 'pass', observed, expected: EXPECTED };
}

interface Asked {
  readonly status: TraderStatus;
  /** Client ids of the orders that the venue lists as open. */
  readonly listed: ReadonlySet<string>;
}

async function ask(trader: CheckContext['trader']): Promise<Asked | { readonly cause: string }> {
  try {
    const status = await readStatus({ trader });
    const { venueOrderIds } = await trader.call('flatProof', {}, { timeoutMs: READ_MS });
    if (venueOrderIds === undefined) return { cause: 'the trader is of a version that names no orders' };
    return { status, listed: new Set(venueOrderIds) };
  } catch (error) {
    return { cause: messageOf(error) };
  }
}

interface Children {
  readonly missing: readonly string[];
  readonly working: readonly string[];
}

interface Held {
  readonly position: PositionStatus;
  /** Only its orders count. Null: all do. */
  readonly strategy: string | null;
  readonly isDust: boolean;
}

/** If several strategies hold the position, each trade has its own stop; one that is dust has none. */
function heldIn(position: PositionStatus): Held[] {
  const { parts = [] } = position;
  if (parts.length === 0) return [{ position, strategy: null, isDust: false }];
  return parts.map((part) => ({
    position: { ...position, side: part.side ?? position.side, quantity: part.quantity, trade: part },
    strategy: part.strategy,
    isDust: part.protection === 'dust',
  }));
}

function childrenOf(
  { position, strategy, isDust }: Held,
  { orders, capabilities = [] }: TraderStatus,
  listed: ReadonlySet<string>,
): Children {
  const { symbol, side, quantity, trade } = position;
  const held = `${side} ${quantity} ${symbol}${strategy === null ? '' : ` of ${strategy}`}`;
  if (isDust) return { missing: [], working: [`${held}: dust, no stop can rest`] };
  const missing: string[] = [];
  const working: string[] = [];
  const resting = (is: (order: OrderStatus) => boolean) =>
    orders.find(
      (order) =>
        order.symbol === symbol &&
        listed.has(order.clientId) &&
        isZero(addDecimals([order.quantity, `-${order.filled}`, `-${quantity}`])) &&
        (strategy === null || order.strategy === strategy) &&
        is(order),
    );
  const stop = resting(({ purpose }) => purpose === 'protective');
  if (stop === undefined) missing.push(`${held}: NO STOP for all of it rests at the venue`);
  else working.push(`${held}: stop ${stop.price}`);
  const { targets = [] } = trade?.exits ?? {};
  const next = targets.findIndex(({ reached }) => !reached);
  const wanted = targets[next];
  if (wanted === undefined) return { missing, working };
  // A target that leaves a part of the trade open is held by the desk itself, at every venue.
  const closesAll = next === targets.length - 1 && Math.round(sum(targets)) === 100;
  const { targetsWait } = capabilities.find((one) => one.symbol === symbol) ?? {};
  if (targetsWait !== 'venue' || !closesAll || strategy !== null) {
    working.push(`target ${wanted.price}, held by the desk`);
    return { missing, working };
  }
  const target = resting(({ purpose, type }) => purpose === 'exit' && type === 'limit');
  if (target === undefined) missing.push(`${held}: NO TARGET for all of it rests at the venue`);
  else working.push(`target ${target.price}`);
  return { missing, working };
}

const sum = (targets: readonly { readonly pct: number }[]): number =>
  targets.reduce((whole, { pct }) => whole + pct, 0);
