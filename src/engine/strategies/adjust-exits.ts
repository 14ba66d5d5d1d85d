/**
 * A strategy changes the exits of its open trade: the stop moves nearer to the market, other exits are
 * replaced.
 */
import { type ExitPlan, type ExitTarget, wrongExits } from '../../domain/exits.js';
import { staleMsOf } from '../../limits/stale-data.js';
import { type Core, commit, instrumentAt, markChanged, positionAt, tradeProgressAt } from '../core.js';
import { closingTicks, lotsAfterTargets } from '../flow/exits.js';
import { wrongBeforeClose } from '../flow/session.js';
import { isClosing } from '../halts.js';
import type { Holding, TradeEntry } from '../state.js';
import { averageOf, holdingOf } from '../trades/trade.js';
import { isNearer } from '../trades/trade-exits.js';
import type { ExitsWish } from './strategy.js';
import type { StrategySlot } from './strategy-slot.js';

type Said = (text: string) => void;

/** All of it is done, or none. Exits that are already as requested are left alone. */
export function adjustExits(core: Core, slot: StrategySlot, wish: ExitsWish, note: Said): void {
  const at = slot.instrument.id;
  const own = holdingOf(positionAt(core, at), slot.name);
  const held = own ?? positionAt(core, at);
  const { trade } = held;
  if (trade === null || isClosing(core) || tradeProgressAt(core, held).exiting !== null) return;
  const why = wrongChange(core, slot, held, trade, wish);
  if (why !== null) {
    const { because } = wish;
    const text = `${because}: its exits stay as they are: ${why}`;
    const about = { strategy: slot.name, symbol: slot.instrument.symbol, marketMs: core.marketMs };
    // A strategy that asks for the same at each bar is answered once.
    if (slot.exitsRefused !== text)
      commit(core, { type: 'note', level: 'info', text, ...about, refusedChange: { because, why } });
    slot.exitsRefused = text;
    return;
  }
  slot.exitsRefused = '';
  const { stopTicks, targets, because } = wish;
  const before = trade.exits?.plan ?? {};
  const isAnew = targets !== undefined && !isSame(targets, openTargets(trade));
  const kept = isAnew ? targets : (before.targets ?? []);
  const others = changedOthers(before, wish);
  const changesPlan = isAnew || !isSame(others, changedOthers(before, {}));
  const movesStop = stopTicks !== undefined && stopTicks !== trade.protectTicks;
  if (!changesPlan && !movesStop) return;
  const about = { instrument: at, trade: trade.id, marketMs: core.marketMs };
  note(because);
  // The stop can be moved only on a trade that has exits.
  if (changesPlan || trade.exits === undefined) {
    const plan = kept.length === 0 ? others : { targets: kept, ...others };
    const asked = changesPlan ? { askedAt: core.state.clientSequence + 1 } : {};
    commit(core, { type: 'exits.changed', ...about, plan, targetsAnew: isAnew, ...asked, because });
  }
  if (movesStop) commit(core, { type: 'stop.moved', ...about, stopTicks, why: 'adjustedStop' });
  markChanged(core, at);
}

/** Null: it can be done. Otherwise a sentence on what is wrong, without figures that change with each quote. */
function wrongChange(
  core: Core,
  slot: StrategySlot,
  held: Holding,
  trade: TradeEntry,
  wish: ExitsWish,
): string | null {
  const at = slot.instrument.id;
  const { stopTicks, targets, trailTicks, breakEvenAtTicks, maxBars, beforeCloseMs } = wish;
  const { side, protectTicks, entryTickLots, entryLots } = trade;
  if (trade.strategy !== slot.name || protectTicks === null)
    return 'what is held was opened by none of its entries';
  const age = core.market.quoteAgeMs(at, core.monotonicMs);
  if (age === null || age > staleMsOf(core.config.risk)) return 'there is no fresh price';
  const priceTicks = closingTicks(core, at, side);
  if (stopTicks !== undefined && stopTicks !== protectTicks) {
    if (!isNearer(side, stopTicks, protectTicks))
      return 'a stop comes nearer to the market, and never goes back';
    if (!isNearer(side, priceTicks, stopTicks)) return 'the market has reached that stop already';
  }
  const entrySide = side === 'long' ? 'buy' : 'sell';
  if (targets !== undefined && !isSame(targets, openTargets(trade))) {
    if (lotsAfterTargets(core, held) !== null) return 'a part of it is being closed';
    const wrong = wrongExits({ targets }, entrySide, priceTicks);
    if (wrong !== null) return wrong.replace('the entry', 'the market');
  }
  const unfit = beforeCloseMs == null ? null : wrongBeforeClose(core, at, { beforeCloseMs });
  if (unfit !== null) return unfit;
  const average = averageOf(instrumentAt(core, at), entryTickLots, entryLots) ?? priceTicks;
  return wrongExits(
    {
      ...(trailTicks == null ? {} : { trailTicks }),
      ...(breakEvenAtTicks == null ? {} : { breakEvenAtTicks }),
      ...(maxBars == null ? {} : { maxBars }),
      ...(beforeCloseMs == null ? {} : { beforeCloseMs }),
    },
    entrySide,
    average,
  );
}

/** The plan without its targets, with the changes applied. */
function changedOthers(plan: ExitPlan, wish: Partial<ExitsWish>): ExitPlan {
  const changed: Record<string, number> = {};
  for (const name of ['trailTicks', 'breakEvenAtTicks', 'maxBars', 'beforeCloseMs'] as const) {
    const value = wish[name] === undefined ? plan[name] : wish[name];
    if (value !== undefined && value !== null) changed[name] = value;
  }
  return changed;
}

/** The targets while none is reached: asking for the same ones changes nothing. Null: some are reached. */
function openTargets({ exits }: TradeEntry): readonly ExitTarget[] | null {
  if (exits === undefined) return [];
  return exits.reached === 0 ? (exits.plan.targets ?? []) : null;
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
