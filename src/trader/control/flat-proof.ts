/** Whether the desk is flat, by what the venue says now rather than by our own books. */

import type { FlatProof } from '../../contracts/trader-status.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { messageOf } from '../../domain/message-of.js';
import type { VenuePort } from '../../venue/port.js';
import { systemTimers } from '../running/clock.js';
import { CallLane } from '../running/venue-calls.js';
import { ControlRefusal } from './control-refusal.js';

const ANSWER_MS_MAX = 5000;
const READS_MAX = 16;

interface FlatQuestion {
  readonly venue: VenuePort;
  readonly instruments: readonly Instrument[];
  readonly nowMs: () => number;
  /** Ignores coins that are not the desk's. False if the rest is below the venue's smallest order. */
  readonly isTradable: (instrument: InstrumentId, lots: number) => boolean;
  readonly ours: () => Pick<FlatProof, 'entriesWorking' | 'state' | 'escalated'>;
}

/** The returned function throws `ControlRefusal` (venue-unavailable) if the venue does not answer. */
export function flatProver(question: FlatQuestion): () => Promise<FlatProof> {
  const lane = new CallLane('proof', READS_MAX, ANSWER_MS_MAX, systemTimers);
  return async () => {
    const { venue, instruments } = question;
    try {
      const [positions, openOrders] = await lane.run(() =>
        Promise.all([venue.positions(), venue.openOrders()]),
      );
      const open = positions.filter(({ instrument, quantityLots }) =>
        question.isTradable(instrument, quantityLots),
      );
      const ours = question.ours();
      return {
        ...ours,
        flat: open.length === 0 && openOrders.length === 0 && ours.entriesWorking === 0,
        venuePositions: open.map(({ instrument, quantityLots }) => ({
          symbol: instruments[instrument]?.symbol ?? `instrument ${instrument}`,
          quantity: formatDecimal(quantityLots, instruments[instrument]?.lotSize ?? '1'),
        })),
        venueOpenOrders: openOrders.length,
        venueOrderIds: openOrders.map(({ clientId }) => clientId),
        readAtWallMs: question.nowMs(),
      };
    } catch (error) {
      throw new ControlRefusal({
        code: 'venue-unavailable',
        message: `positions could not be read back from the venue: ${messageOf(error)}`,
        keptSafe: 'Nothing was changed. Whether the desk is flat is not known.',
        doThis: 'Ask again; if it goes on, look at the positions at the venue itself.',
      });
    }
  };
}
