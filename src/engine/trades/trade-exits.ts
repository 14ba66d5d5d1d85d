/**
 * Applies records to a trade's exits: a reached target stays reached until new ones replace it, and a stop
 * only moves nearer.
 */
import type { OrderIntent } from '../../domain/order.js';
import { sequenceOf } from '../orders/client-id.js';
import type { EngineRecord } from '../record.js';
import { type EngineState, holdingsOf, type TradeEntry } from '../state.js';
import { entryOf } from './trade.js';

type Of<T extends EngineRecord['type']> = Extract<EngineRecord, { readonly type: T }>;

interface EntryFill {
  /** Where the entry wants the stop. */
  readonly protectTicks: number;
  readonly marketMs: number;
  /** Everything held before is too small to sell, by the desk file's bounds. */
  readonly isLeftOver: boolean;
}

/**
 * An entry brings its stop and exits; a fill of one that is older than the exits in force brings none. If the stop has
 * moved since, or several entries make the trade, no fill moves it back. If only dust was held before, the exits start
 * afresh: those of the previous trade are done, and its stop was for another market.
 */
export function takeExits(
  trade: TradeEntry,
  { clientId, exits, besideRestOf, keepsStop, keepsExits }: OrderIntent,
  { protectTicks, marketMs, isLeftOver }: EntryFill,
): void {
  const former = trade.exits?.entry;
  const beginsAnew = isLeftOver || (former !== undefined && former === besideRestOf);
  if (beginsAnew && former !== clientId) delete trade.exits;
  if (keepsStop === true) trade.keepsStop = true;
  const { protectTicks: before } = trade;
  const wasMoved = trade.exits !== undefined && trade.exits.movedBy !== null;
  const isOlder = sequenceOf(clientId) < (trade.exits?.askedAt ?? 0);
  const stays = wasMoved || isOlder || (trade.keepsStop === true && !beginsAnew);
  trade.protectTicks =
    before !== null && stays && isNearer(trade.side, before, protectTicks) ? before : protectTicks;
  if (exits === undefined || isOlder || trade.exits?.entry === clientId) return;
  const movedBy = trade.protectTicks === protectTicks ? null : (trade.exits?.movedBy ?? null);
  const begun = { openedMs: marketMs, soldBefore: trade.exitLots };
  const asked = keepsExits === true ? { askedAt: sequenceOf(clientId) } : {};
  trade.exits = { entry: clientId, plan: exits, ...begun, ...asked, reached: 0, movedBy };
}

/** Whether a stop at `stopTicks` is nearer to the market than one at `thanTicks`, from the trade's side. */
export function isNearer(side: TradeEntry['side'], stopTicks: number, thanTicks: number): boolean {
  return side === 'long' ? stopTicks > thanTicks : stopTicks < thanTicks;
}

export function applyTargetReached(state: EngineState, record: Of<'target.reached'>): void {
  const { exits } = tradeAt(state, record);
  if (record.targets <= exits.reached || record.targets > (exits.plan.targets?.length ?? 0))
    throw new RangeError(`the trade ${record.trade} has no target ${record.targets} to reach`);
  exits.reached = record.targets;
}

export function applyStopMoved(state: EngineState, record: Of<'stop.moved'>): void {
  if (record.why === 'foundStop') {
    const found = openTrade(state, record);
    if (found === null || found.protectTicks !== null)
      throw new RangeError(`no trade ${record.trade} without a stop of its own is open`);
    found.protectTicks = record.stopTicks;
    return;
  }
  const { trade, exits } = tradeAt(state, record);
  if (trade.protectTicks === null || !isNearer(trade.side, record.stopTicks, trade.protectTicks))
    throw new RangeError(`the stop of the trade ${record.trade} would be moved away from the market`);
  trade.protectTicks = record.stopTicks;
  exits.movedBy = record.why;
}

export function applyExitsChanged(state: EngineState, record: Of<'exits.changed'>): void {
  const trade = openTrade(state, record);
  if (trade === null)
    throw new RangeError(`no trade ${record.trade} is open in instrument ${record.instrument}`);
  const { askedAt = trade.exits?.askedAt } = record;
  const { entry, openedMs, soldBefore, reached, movedBy } = trade.exits ?? {
    ...{ entry: entryOf(trade), openedMs: trade.openedMs, soldBefore: 0, reached: 0, movedBy: null },
  };
  trade.exits = {
    ...{ entry, plan: record.plan, openedMs },
    ...(askedAt === undefined ? {} : { askedAt }),
    soldBefore: record.targetsAnew ? trade.exitLots : soldBefore,
    reached: record.targetsAnew ? 0 : reached,
    movedBy,
  };
}

interface NamedTrade {
  readonly instrument: number;
  readonly trade: string;
}

function openTrade(state: EngineState, { instrument, trade: id }: NamedTrade): TradeEntry | null {
  const position = state.positions[instrument];
  const held = position === undefined ? [] : holdingsOf(position);
  return held.find(({ trade }) => trade?.id === id)?.trade ?? null;
}

function tradeAt(state: EngineState, named: NamedTrade) {
  const trade = openTrade(state, named);
  if (trade?.exits === undefined)
    throw new RangeError(`no trade ${named.trade} with exits is open in instrument ${named.instrument}`);
  return { trade, exits: trade.exits };
}
