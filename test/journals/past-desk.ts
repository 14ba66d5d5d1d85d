/** The history of one desk that had a bit of everything: what the journals in this folder tell, and what they come to. */
import { createHash } from 'node:crypto';
import type { OrderIntent } from '../../src/domain/order.js';
import type { EngineConfig } from '../../src/engine/config.js';
import type { EngineView } from '../../src/engine/view.js';
import { DeskUnderTest, venueOrder } from '../engine/support/desk.js';
import { deskConfig } from '../engine/support/desk-config.js';
import { FUTURES, SPOT } from '../support/engine-config.js';

export type PastKind = 'spot' | 'linear';

export const PAST_KINDS: readonly PastKind[] = ['spot', 'linear'];

const DAY_MS = 86_400_000;

/** The configuration that both its writing and each later reading use. */
export function pastConfig(kind: PastKind): EngineConfig {
  return deskConfig(
    kind === 'spot'
      ? { capabilities: SPOT, goLiveRequired: true, account: 'Binance simulator', simulated: false }
      : { capabilities: FUTURES },
  );
}

/** Plays the history anew, with the code of today. */
export function livePast(kind: PastKind): DeskUnderTest {
  const desk = new DeskUnderTest(pastConfig(kind)).begin();
  for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
  desk.snapshot();
  if (kind === 'spot') expectOk(desk.command(goLive(desk, 0, desk.engine.view.haltId)));
  else expectOk(desk.arm());

  // A round trip with a profit, bought in parts by a maker and a taker, sold in parts.
  const first = desk.enter(0);
  desk.accept(first);
  desk.fill(first, first.limitTicks ?? 0, 1, 11);
  desk.fill(first, first.limitTicks ?? 0, first.quantityLots - 1, 4_321);
  settleVenue(desk);
  desk.quote(0, 10_400);
  leave(desk, 0, [9_900, 9_700]);

  // A round trip with a loss, stopped out; on spot the venue keeps its fee in coins.
  const second = desk.enter(1);
  desk.accept(second);
  desk.happen({ kind: 'fill', fill: feeInCoins(desk, second, kind) });
  settleVenue(desk);
  const stop = desk.live('protective', 1)[0] as OrderIntent;
  desk.fill(stop, stop.stopTicks ?? 0, 1, 2_222);
  desk.fill(stop, (stop.stopTicks ?? 0) - 1, stop.quantityLots - 1, 3_333);
  if (kind === 'spot') expectOk(desk.command(goLive(desk, 1, null)));

  // People and rules: sizes, settings, a strategy off and on, a stop and its resumption.
  expectOk(desk.command({ name: 'resize', sizeFactorPpm: 700_000, authorised: false }));
  const values = { 'risk.maxPositionSizePct': 6, 'risk.dailyLossLimitPct': 2.5 };
  expectOk(desk.command({ name: 'reload', baseVersion: 0, values, approvedBy: [] }));
  expectOk(desk.command({ name: 'toggle', strategy: 'cross', enabled: false }));
  expectOk(desk.command({ name: 'toggle', strategy: 'cross', enabled: true }));
  expectOk(desk.command({ name: 'stop' }));
  desk.command({ name: 'arm', haltId: 'f'.repeat(32), configHash: 'hash', authority: 'person' });
  rearm(desk);

  // The venue holds another quantity: adopted, halted, then everything is closed and proven flat.
  const lots = desk.lots(0);
  for (let reading = 0; reading < 2; reading += 1) {
    desk.command({ name: 'reconcile' });
    desk.snapshot({ positions: [lots + 40, desk.lots(1)] });
    desk.pass(2_500);
    for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
  }
  settleVenue(desk);
  expectOk(desk.command({ name: 'closeAll' }));
  settleVenue(desk);
  for (let reading = 0; reading < 3 && desk.engine.view.closeAll === 'running'; reading += 1) {
    desk.pass(1_500);
    desk.snapshot();
  }
  rearm(desk);

  // The next day, with an entry that rests, one of unknown fate, one refused, and a position under its stop.
  desk.marketMs += DAY_MS;
  desk.pass(1_000);
  for (const { id } of desk.config.instruments) desk.quote(id, 10_020);
  const open = desk.enter(0);
  desk.accept(open);
  desk.fill(open, open.limitTicks ?? 0, open.quantityLots - 3, 777);
  settleVenue(desk);
  const refused = desk.enter(1);
  desk.happen({ kind: 'order.rejected', clientId: refused.clientId, code: '-2010', text: 'no funds' });
  const lost = desk.enter(1);
  desk.happen({ kind: 'order.sendUnknown', clientId: lost.clientId, cause: 'timeout' });
  desk.command({ name: 'stop', why: { cause: 'check-failed', resume: 'person' } });
  return desk;
}

/** What a reader of any later version must come to as well. */
export interface PastOutcome {
  readonly records: number;
  readonly cash: string;
  readonly equityAtCost: string;
  readonly positions: readonly unknown[];
  readonly trips: readonly unknown[];
  readonly orders: readonly unknown[];
  readonly halts: readonly unknown[];
  readonly mode: string;
  readonly permissions: unknown;
  readonly settings: unknown;
  readonly counts: unknown;
  /** SHA-256 over everything above as JSON. */
  readonly hash: string;
}

/** `view`: of an engine that has replayed and not begun. */
/** The view says of a late close-all what has become of it since; the record, and the view of then, do not. */
const asRecorded = (reason: string): string =>
  reason.replace(/^nothing is left open: flat was proven at .* \(at first (.*)\)$/, '$1; closing goes on');

export function outcomeOf(view: EngineView, records: number): PastOutcome {
  const told = {
    records,
    cash: String(view.cash),
    equityAtCost: String(view.positions.reduce((sum, { cost }) => sum + Number(cost), Number(view.cash))),
    positions: view.positions.map((position) => ({
      instrument: position.instrument,
      quantityLots: position.quantityLots,
      cost: String(position.cost),
      realised: String(position.realised),
      strategy: position.strategy,
      stopTicks: position.stopTicks,
    })),
    trips: view.strategies.map(({ name, instrument, trades, wins, realised, lossesInARow, off }) => ({
      ...{ name, instrument, trades, wins, realised: String(realised), lossesInARow, off },
    })),
    orders: view.orders.map(({ clientId, instrument, purpose, side, state, venueId, ...order }) => ({
      ...{ clientId, instrument, purpose, side, state, venueId },
      ...{
        lots: order.quantityLots,
        filled: order.filledLots,
        stop: order.stopTicks,
        limit: order.limitTicks,
      },
    })),
    halts: view.halts.map(({ haltId, mode, cause, by, reason, resume, atMarketMs }) => ({
      ...{ haltId, mode, cause, by, reason: asRecorded(reason), resume, atMarketMs },
    })),
    mode: view.halts.at(-1)?.mode ?? 'ACTIVE',
    permissions: { goLive: view.goLive, sizeFactorPpm: view.sizeFactorPpm },
    settings: view.settings,
    counts: { fills: view.fills, closeAll: view.closeAll, peak: String(view.peak) },
  };
  return { ...told, hash: createHash('sha256').update(JSON.stringify(told)).digest('hex') };
}

function goLive(desk: DeskUnderTest, step: number, haltId: string | null) {
  return {
    name: 'goLive',
    authority: 'two-people',
    grant: {
      release: '0.1.0-hash',
      attempt: 1,
      step,
      incarnation: desk.config.incarnation,
      configHash: desk.engine.view.configHash,
      haltId,
      size: { maxPositionSizePct: 4 + 2 * step, maxConcurrentPositions: 2 },
      fileConfigHash: desk.config.configHash,
      approvedBy: ['ada', 'grace'],
    },
  } as const;
}

function feeInCoins(desk: DeskUnderTest, order: OrderIntent, kind: PastKind) {
  const fill = desk.makeFill(order, order.limitTicks ?? 0, order.quantityLots, 9_876_543);
  return kind === 'spot' ? { ...fill, feeLots: 2 } : fill;
}

/** The venue takes what was sent, and fills what is sold or bought at the market. */
function settleVenue(desk: DeskUnderTest, bidTicks = 10_000): void {
  for (let round = 0; round < 8; round += 1) {
    for (const order of desk.engine.view.orders) {
      if (order.state === 'cancelling') desk.happen({ kind: 'order.cancelled', clientId: order.clientId });
      else if (order.type === 'market')
        desk.fill(order, order.side === 'sell' ? bidTicks : bidTicks + 2, undefined, 500);
      else if (order.state === 'intended') desk.accept(order);
    }
  }
}

/** Falling bars until the strategy's own exit has closed the position. */
function leave(desk: DeskUnderTest, instrument: number, closes: readonly number[]): void {
  for (const close of closes) {
    desk.bar(instrument, close);
    settleVenue(desk, 10_400);
  }
  if (desk.lots(instrument) !== 0) throw new Error('the position was not closed');
}

function rearm(desk: DeskUnderTest): void {
  desk.command({ name: 'reconcile' });
  for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
  desk.snapshot({ openOrders: desk.engine.view.orders.map((order) => venueOrder(order, order.filledLots)) });
  desk.pass(100);
  const { haltId, configHash } = desk.engine.view;
  expectOk(desk.command({ name: 'arm', haltId: haltId ?? '', configHash, authority: 'two-people' }));
}

function expectOk(outcome: { readonly ok: boolean }): void {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome));
}
