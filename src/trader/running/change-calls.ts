/** Changes resting orders at the venue, and turns the outcomes into events for the engine. */
import type { InstrumentId } from '../../domain/instrument.js';
import type { OrderIntent } from '../../domain/order.js';
import type { AmendOutcome, ReplaceOutcome } from '../../domain/venue.js';
import type { Approved } from '../../limits/gate.js';
import type { VenuePort } from '../../venue/port.js';
import type { Unstamped } from './unstamped.js';

const NOT_ABLE = { code: 'NOT_SENT', text: 'Not sent: this venue has no such request.' };

export async function amended(
  venue: VenuePort,
  clientId: string,
  instrument: InstrumentId,
  quantityLots: number,
): Promise<AmendOutcome> {
  const outcome = await venue.amendQuantity?.(clientId, instrument, quantityLots);
  return outcome ?? { kind: 'rejected', ...NOT_ABLE };
}

export async function replaced(
  venue: VenuePort,
  clientId: string,
  order: Approved<OrderIntent>,
): Promise<ReplaceOutcome> {
  return (await venue.replace?.(clientId, order)) ?? { kind: 'rejected', ...NOT_ABLE };
}

/** Null: only a lookup can tell. */
export function amendEvent(clientId: string, outcome: AmendOutcome): Unstamped | null {
  switch (outcome.kind) {
    case 'amended':
      return { kind: 'order.amended', clientId, quantityLots: outcome.quantityLots };
    case 'rejected':
      return { kind: 'order.amendRejected', clientId, code: outcome.code, text: outcome.text };
    case 'notOpen':
    case 'unknown':
      return null;
  }
}

const WHAT_BECAME_OF_THE_OLD = { rejected: 'rests', cancelledOnly: 'cancelled', notOpen: 'notOpen' } as const;

export function replaceEvent(oldId: string, clientId: string, outcome: ReplaceOutcome): Unstamped {
  switch (outcome.kind) {
    case 'replaced':
      return { kind: 'order.replaced', clientId, replaced: oldId, venueId: outcome.venueId };
    case 'unknown':
      return { kind: 'order.sendUnknown', clientId, cause: outcome.cause };
    default: {
      const { code, text } = outcome;
      const wouldTrigger = 'wouldTrigger' in outcome && outcome.wouldTrigger === true;
      const old = WHAT_BECAME_OF_THE_OLD[outcome.kind];
      return { kind: 'order.replaceRejected', clientId, replaced: oldId, old, code, text, wouldTrigger };
    }
  }
}
