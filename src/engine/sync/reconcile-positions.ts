/** Positions at the venue against ours. The venue is right, once it has said the same twice with nothing in between. */

import { formatDecimal } from '../../domain/decimal.js';
import type { InstrumentId } from '../../domain/instrument.js';
import {
  type Core,
  commit,
  instrumentAt,
  liveOrders,
  note,
  positionAt,
  type SnapshotRequest,
  workAt,
} from '../core.js';
import type { VenueSnapshot } from '../event.js';
import { raiseFault } from '../halts/raise-halt.js';
import type { Difference } from '../record.js';
import { CONFIRM_AFTER_MS } from '../timing.js';

export interface PositionsCompared {
  readonly differences: readonly Difference[];
  /** Something differs and is not confirmed: read again. */
  readonly pending: boolean;
}

export function reconcilePositions(
  core: Core,
  snapshot: VenueSnapshot,
  asked: SnapshotRequest,
): PositionsCompared {
  const differences: Difference[] = [];
  let pending = false;
  for (const { id } of core.config.instruments) {
    const venues = snapshot.positions.find((position) => position.instrument === id)?.quantityLots ?? 0;
    const ours = positionAt(core, id).quantityLots;
    if (venues === ours) {
      core.sync.suspected.delete(id);
      continue;
    }
    if (!isConfirmed(core, id, venues, asked)) {
      pending = true;
      continue;
    }
    differences.push(describe(core, id, ours, venues));
    adopt(core, id, ours, venues);
  }
  return { differences, pending };
}

/** There is a price, nothing moved while it was read, and an earlier reading said the same. */
function isConfirmed(core: Core, at: InstrumentId, venues: number, asked: SnapshotRequest): boolean {
  const { suspected } = core.sync;
  const hasPrice = core.market.hasQuote(at) || positionAt(core, at).quantityLots !== 0;
  if (!hasPrice) return false;
  if (asked.activity[at] !== workAt(core, at).activity || mayFillAnyMoment(core, at)) {
    suspected.delete(at);
    return false;
  }
  const before = suspected.get(at);
  if (before?.lots === venues && core.wallMs - before.atMs >= CONFIRM_AFTER_MS) {
    suspected.delete(at);
    return true;
  }
  if (before?.lots !== venues) suspected.set(at, { lots: venues, atMs: core.wallMs });
  return false;
}

/** Orders whose fate is open, or that are filled at once: what they do to the position is not known yet. */
function mayFillAnyMoment(core: Core, at: InstrumentId): boolean {
  return liveOrders(core, at).some(
    ({ state, intent }) => intent.type === 'market' || state === 'unknown' || state === 'intended',
  );
}

function adopt(core: Core, at: InstrumentId, ours: number, venues: number): void {
  const difference = describe(core, at, ours, venues);
  const reason = `${difference.symbol}: we held ${difference.ours}, the venue has ${difference.venues}; the venue's counts`;
  commit(core, {
    type: 'position.adopted',
    instrument: at,
    quantityLots: venues,
    priceTicks: adoptionPrice(core, at),
    marketMs: core.marketMs,
  });
  workAt(core, at).activity += 1;
  note(core, 'alarm', reason, at);
  raiseFault(core, 'reconciliation', reason);
}

/** At the last price, else at what the position cost: an adoption makes neither profit nor loss up. */
function adoptionPrice(core: Core, at: InstrumentId): number {
  if (core.market.hasQuote(at)) return core.market.bidTicks[at] as number;
  const position = positionAt(core, at);
  return Math.max(
    1,
    Math.round(position.cost / (position.quantityLots * instrumentAt(core, at).moneyPerTickLot)),
  );
}

function describe(core: Core, at: InstrumentId, ours: number, venues: number): Difference {
  const { symbol, lotSize } = instrumentAt(core, at);
  return {
    what: 'position',
    symbol,
    ours: formatDecimal(ours, lotSize),
    venues: formatDecimal(venues, lotSize),
    rule: 'adopt',
  };
}
