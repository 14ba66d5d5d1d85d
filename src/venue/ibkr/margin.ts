/**
 * The margin that an entry in a future would need, as the broker states it before the order leaves: a what-if
 * order is answered with margins and is never placed. It uses the connection for readings, so no order waits
 * behind it.
 */
import { type Contract, EventName, type Order, type OrderState, OrderType, TimeInForce } from '@stoqey/ib';
import { type OrderIntent, SIDES, type Side } from '../../domain/order.js';
import { VenueUnavailable } from '../port.js';
import { steadyNowMs } from '../steady-clock.js';
import type { ResolvedContract } from './contracts.js';
import { isNone, numberOf } from './decode.js';
import type { Gateway, Question, Session } from './gateway.js';
import { actionOf } from './orders.js';
import { meaningOf } from './outcomes.js';
import type { Setup } from './setup.js';

/** In the account's currency. */
export interface Margin {
  /** Initial margin that the order would add. */
  readonly needs: number;
  /** Equity with loan value after the order's commission, less the initial margin before it. */
  readonly free: number;
}

type MarginAnswer =
  | ({ readonly kind: 'told' } & Margin)
  | { readonly kind: 'refused'; readonly code: number; readonly text: string };

/** Shorter than the engine waits for the outcome of an order (`closeAll.answerTimeoutMs`, 2 s by default). */
const ANSWER_MS = 1_000;
/** How long an advance answer stays valid; prices change the account's equity. */
const VALID_MS = 30_000;
/** Interval between two rounds of asking in advance. */
export const MARGIN_AHEAD_MS = 10_000;

export const takesMargin = ({ purpose }: OrderIntent, { instrument }: ResolvedContract): boolean =>
  purpose === 'entry' && instrument.kind === 'future';

/** `orderId`: an id of the asking connection that none of its orders uses. */
export function whatIf(orderId: number, contract: Contract, order: Order): Question<MarginAnswer> {
  return {
    name: 'margin of an order',
    send: (api) => api.placeOrder(orderId, contract, { ...order, whatIf: true }),
    hear(event, args, _id, done) {
      if (event === EventName.error && args[2] === orderId) {
        const [code, text] = [Number(args[1]), (args[0] as Error).message];
        if (meaningOf(code, text) !== 'warning') done({ kind: 'refused', code, text });
      }
      // Everybody's open orders arrive on this connection too, and another client's order may have the same id.
      if (event !== EventName.openOrder || args[0] !== orderId || (args[2] as Order).whatIf !== true) return;
      const { initMarginChange, initMarginAfter, equityWithLoanAfter } = args[3] as OrderState;
      // The broker may answer without figures first, and with them once it has worked them out.
      if (isNone(initMarginChange)) return;
      const needs = numberOf(initMarginChange, 'initMarginChange');
      const after = numberOf(initMarginAfter, 'initMarginAfter');
      const equity = numberOf(equityWithLoanAfter, 'equityWithLoanAfter');
      done({ kind: 'told', needs, free: equity - (after - needs) });
    },
  };
}

interface MarginsOptions {
  readonly reading: Gateway;
  /** Null until account and contracts have been verified. */
  readonly setup: () => Setup | null;
}

export class Margins {
  readonly #options: MarginsOptions;
  /** The margin of one contract, by contract and side. */
  readonly #ahead = new Map<string, Margin & { readonly atMs: number }>();
  /** Incremented by every change of the account: an answer from before a change is out of date. */
  #state = 0;
  #asking: { readonly session: Session; nextOrderId: number } | null = null;

  constructor(options: MarginsOptions) {
    this.#options = options;
  }

  /** A position has changed, or an order that may open one. */
  changed(): void {
    this.#state += 1;
    this.#ahead.clear();
  }

  /**
   * Asks for one contract of each future on each side, so that an entry need not wait for the answer. Without
   * an answer, the entry asks again.
   */
  async askAhead(): Promise<void> {
    const setup = this.#options.setup();
    if (setup === null) return;
    const futures = [...setup.contracts.values()].filter(
      ({ instrument, problem }) => instrument.kind === 'future' && problem === null,
    );
    await Promise.all(
      futures.flatMap((one) => SIDES.map((side) => this.#askOneAhead(one, side, setup.account))),
    );
  }

  async #askOneAhead(contract: ResolvedContract, side: Side, account: string): Promise<void> {
    const [state, atMs] = [this.#state, steadyNowMs()];
    const answer = await this.ask(contract, oneAtMarket(account, side)).catch(unanswered);
    if (answer?.kind === 'told' && state === this.#state)
      this.#ahead.set(keyOf(contract, side), { ...answer, atMs });
  }

  /**
   * Whether the free margin of an advance answer covers an order. False if there is no such answer or it is
   * not enough: then the broker is asked about the order itself.
   */
  reaches({ side, quantityLots }: OrderIntent, contract: ResolvedContract): boolean {
    const told = this.#ahead.get(keyOf(contract, side));
    // An answer for a reduction of a position (it frees margin) says nothing about several contracts.
    if (told === undefined || told.needs <= 0 || steadyNowMs() - told.atMs > VALID_MS) return false;
    return told.needs * quantityLots <= told.free;
  }

  /** Rejects with `VenueUnavailable`: no answer within a second, or one that can't be believed. */
  ask({ contract }: ResolvedContract, order: Order): Promise<MarginAnswer> {
    const { reading } = this.#options;
    const { session } = reading;
    if (session === null) return Promise.reject(new VenueUnavailable('not connected to the Gateway'));
    if (this.#asking?.session !== session) this.#asking = { session, nextOrderId: session.nextOrderId };
    return reading.ask(whatIf(this.#asking.nextOrderId++, contract, order), ANSWER_MS);
  }
}

const keyOf = ({ contract }: ResolvedContract, side: Side): string => `${contract.conId} ${side}`;

const oneAtMarket = (account: string, side: Side): Order => ({
  ...{ account, action: actionOf(side), totalQuantity: 1, transmit: true },
  ...{ orderType: OrderType.MKT, tif: TimeInForce.DAY },
});

function unanswered(error: unknown): null {
  if (!(error instanceof VenueUnavailable)) throw error;
  return null;
}
