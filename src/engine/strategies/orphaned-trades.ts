/**
 * Open trades whose strategy the desk file no longer has: it was renamed or taken out, or trades other
 * instruments now. Their stop and exits stay, and no strategy closes them.
 */
import type { InstrumentId } from '../../domain/instrument.js';
import type { WaitingReason } from '../../limits/limit.js';
import { averageTicks } from '../books.js';
import { type Core, instrumentAt, note } from '../core.js';
import { isDustAt, knownTicks } from '../flow/dust.js';
import { type Holding, holdingsOf } from '../state.js';
import { NOBODY, ownerOf } from '../trades/trade.js';

/** Why no strategy of the desk file closes what this one holds there. Null: one does. */
export function whyOrphaned(core: Core, at: InstrumentId, strategy: string): string | null {
  const slots = core.slots.filter(({ name }) => name === strategy);
  if (strategy === NOBODY || slots.some(({ instrument }) => instrument.id === at)) return null;
  return slots.length === 0
    ? 'the desk file has no strategy of that name'
    : `the desk file does not list ${instrumentAt(core, at).symbol} for that strategy`;
}

/** None before the engine has begun: the books may be of other instruments until then. */
export function orphanReasons(core: Core): WaitingReason[] {
  if (!core.begun) return [];
  return openTrades(core).flatMap((holding) => {
    const reason = reasonOf(core, holding);
    if (reason === null) return [];
    const [owner, { symbol }] = [ownerOf(holding), instrumentAt(core, holding.instrument)];
    const waitsFor = `${owner} to be listed for ${symbol} in the desk file again and a start, or people to ${closing(symbol)}`;
    return [{ subject: symbol, reason, waitsFor }];
  });
}

/** Alerts people once per start, after the venue was read: it may have closed the trade in between. */
export function tellOrphans(core: Core): void {
  for (const holding of openTrades(core)) {
    const [at, owner, id] = [holding.instrument, ownerOf(holding), holding.trade?.id ?? ''];
    const reason = reasonOf(core, holding);
    if (reason === null || core.orphansTold.has(id)) continue;
    core.orphansTold.add(id);
    const { symbol } = instrumentAt(core, at);
    const doThis = `List ${owner} for ${symbol} in the desk file again and start, or ${closing(symbol)}`;
    note(core, 'alarm', `${symbol}: ${reason}. ${doThis}`, at);
  }
}

const closing = (symbol: string): string => `close the whole position: fermata position close ${symbol}`;

/** Open trades, without dust. At a start there may be no price yet: then their cost decides. */
function openTrades(core: Core): Holding[] {
  const ticksOf = (holding: Holding): number =>
    knownTicks(core, holding.instrument) ?? averageTicks(core.state, holding);
  const open: Holding[] = [];
  for (const position of core.state.positions)
    for (const holding of holdingsOf(position))
      if (holding.quantityLots !== 0 && !isDustAt(core, holding, ticksOf(holding))) open.push(holding);
  return open;
}

/** Null: a strategy of the desk file closes it, or it is nobody's. */
function reasonOf(core: Core, holding: Holding): string | null {
  const owner = ownerOf(holding);
  const why = whyOrphaned(core, holding.instrument, owner);
  return why === null
    ? null
    : `the trade of ${owner} is held, and ${why}: its stop and exits stay, and no strategy closes it`;
}
