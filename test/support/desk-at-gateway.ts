/** The real engine, runner and journal with 20 brackets at a simulated IB Gateway, over the wire through the library. */

import type { AnswerEffect, RequestEffect } from '../../simulators/ibkr/faults.js';
import { type IbkrSimulator, startIbkrSimulator } from '../../simulators/ibkr/start.js';
import { CANCEL_ORDER, PLACE_ORDER } from '../../simulators/ibkr/wire/from-client.js';
import { OPEN_ORDER, ORDER_STATUS } from '../../simulators/ibkr/wire/to-client.js';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { GATEWAY_TIMES } from '../../src/venue/ibkr/gateway.js';
import { type IbkrVenue, openIbkrVenue } from '../../src/venue/ibkr/ibkr-venue.js';
import { entriesInTurn } from '../engine/support/one-entry.js';
import { arm, type ClosedAll, type DeskAtVenue, deskAtVenue, timedCloseAll } from './desk-at-venue.js';
import { untilHolds } from './eventually.js';

export const BRACKETS = 20;
const STOCKS = Array.from({ length: BRACKETS }, (_, at) => `S${String(at).padStart(2, '0')}`);
const PRICE = '100';
const PRICE_TICKS = 10_000;
const ACCOUNT = 'DU1234567';
const EVERY = 10_000;
const ENTRIES_MAX = 40;
const AGAIN_MS = 5_000;
/** 10:00 in New York: stocks trade. */
const FRIDAY = Date.UTC(2026, 10, 20, 15, 0, 0);

/** Of one message in five about orders, once closing begins. */
export type GatewayFault =
  | { readonly requests: RequestEffect; readonly answers?: never }
  | { readonly answers: AnswerEffect; readonly requests?: never };

export interface DeskAtGateway {
  readonly simulator: IbkrSimulator;
  readonly venue: IbkrVenue;
  readonly desk: DeskAtVenue;
  /** From the bar that a strategy enters on to its order at the broker. */
  readonly enteredAfterMs: number;
  /** Stops and targets that rest at the broker. */
  resting(): number;
  /** Positions of the account. */
  held(): number;
  /** From the command until the desk says that it is flat, or that it is not. */
  closeAll(): Promise<ClosedAll>;
  close(): Promise<void>;
}

export interface GatewayClosing {
  readonly latencyMs?: number;
  readonly fault?: GatewayFault;
}

/** Resolves once each position has its stop and its target resting at the broker, in one group. */
export async function deskAtGateway({ latencyMs = 0, fault }: GatewayClosing = {}): Promise<DeskAtGateway> {
  const simulator = await startIbkrSimulator({
    wallMs: () => FRIDAY,
    stocks: STOCKS.map((symbol) => ({ symbol, price: PRICE })),
    accounts: [{ id: ACCOUNT, cash: '1000000.00' }],
  });
  const { simulation } = simulator;
  const venue = await openIbkrVenue({
    address: { host: '127.0.0.1', port: simulator.port },
    ...{ money: 'paper', account: null, clientId: 10 },
    instruments: STOCKS.map((symbol, id) =>
      buildInstrument(id, {
        ...{ symbol: `${symbol}/USD`, kind: 'stock', tickSize: '0.01', lotSize: '1' },
        ...{ minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 },
      }),
    ),
    times: { ...GATEWAY_TIMES, questionMs: 6_000, reconnect: { firstMs: 20, mostMs: 100 } },
  });
  await untilHolds(() => venue.state.reasons.length === 0);
  const wish = {
    ...{ limitTicks: PRICE_TICKS + 200, protectTicks: PRICE_TICKS - 200 },
    exits: { targets: [{ ticks: PRICE_TICKS + 1_000, closedPpm: 1_000_000 }] },
  };
  const entry = entriesInTurn(Array.from({ length: ENTRIES_MAX }, () => wish));
  const desk = await deskAtVenue(venue, {
    ...{ priceTicks: PRICE_TICKS, answerTimeoutMs: 1_500, deadlineMs: 180_000, maxPositionSizePct: 0.05 },
    strategies: [{ ...entry, symbols: STOCKS.map((symbol) => `${symbol}/USD`) }],
  });
  const { runner, engine } = desk;
  await untilHolds(() => engine.view.reconciliation.state === 'clean');
  await arm(desk);
  let openMs = Math.floor(Date.now() / 60_000) * 60_000 - ENTRIES_MAX * 60_000;
  const beganAtMs = performance.now();
  let enteredAfterMs = Number.NaN;
  const { ofRequest } = simulation.faults;
  simulation.faults.ofRequest = (clientId, id) => {
    simulation.faults.ofRequest = ofRequest;
    enteredAfterMs = performance.now() - beganAtMs;
    return simulation.faults.ofRequest(clientId, id);
  };
  let enteredAtMs = Number.NEGATIVE_INFINITY;
  // A busy machine may give an entry up before it has left, and the next bar enters again; or it may confirm a stop so late
  // that the desk halts, and a halted desk has no target rest.
  const enter = (): void => {
    const { orders, positions, mode } = engine.view;
    if (performance.now() - enteredAtMs < AGAIN_MS) return;
    enteredAtMs = performance.now();
    if (mode === 'HALTED') void arm(desk);
    const busy = new Set([...orders, ...positions].map(({ instrument }) => instrument));
    const idle = venue.instruments.filter(({ id }) => !busy.has(id));
    if (idle.length === 0) return;
    openMs += 60_000;
    for (const { id } of idle)
      runner.post({
        ...{ kind: 'bar', instrument: id, openMs, spanMs: 60_000, volumeLots: 1, warmup: false },
        ...{ openTicks: PRICE_TICKS, highTicks: PRICE_TICKS, lowTicks: PRICE_TICKS, closeTicks: PRICE_TICKS },
      });
  };
  const resting = (): number => simulation.orders.open.filter(({ terms }) => terms.ocaGroup !== '').length;
  const instead = (): string => {
    const { halts, orders, reconciliation } = engine.view;
    return JSON.stringify({ resting: resting(), orders: orders.length, halts, reconciliation });
  };
  await untilHolds(
    () => {
      enter();
      return resting() === 2 * BRACKETS;
    },
    { instead },
  );
  await untilHolds(() => engine.view.reconciliation.state === 'clean');
  const positions = () => [...(simulation.accounts.get(ACCOUNT)?.positions.values() ?? [])];
  return {
    ...{ simulator, venue, desk, enteredAfterMs, resting },
    held: () => positions().filter(({ quantity }) => quantity !== 0).length,
    async closeAll() {
      simulation.latencyMs = latencyMs;
      spoil(simulator, fault);
      return timedCloseAll(desk);
    },
    async close() {
      await desk.close();
      await venue.close();
      await simulator.close();
    },
  };
}

function spoil({ simulation: { faults } }: IbkrSimulator, fault: GatewayFault | undefined): void {
  const one = { times: EVERY, probability: 0.2 };
  if (fault?.requests !== undefined)
    for (const { id } of [PLACE_ORDER, CANCEL_ORDER])
      faults.add({ ...one, request: id, effect: fault.requests });
  if (fault?.answers !== undefined)
    for (const { id } of [OPEN_ORDER, ORDER_STATUS])
      faults.add({ ...one, answer: id, effect: fault.answers });
}

/** What can happen to what is said about an order. The first takes effect at the broker although nobody is told. */
export const GATEWAY_FAULTS: readonly (readonly [string, GatewayFault])[] = [
  ['not answered, the request taken', { requests: { kind: 'silence' } }],
  ['lost with its request', { requests: { kind: 'lose' } }],
  ['refused', { requests: { kind: 'refuse', code: 201, text: 'Order rejected - reason: so it is' } }],
  ['late', { answers: { kind: 'late', ms: 1_600 } }],
  ['hanging', { answers: { kind: 'late', ms: 20_000 } }],
];
