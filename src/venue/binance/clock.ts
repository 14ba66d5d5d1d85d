/** The venue's clock against ours: every signed request carries a time that the venue must find right. */
import { fieldsOf, wholeField } from './decode.js';
import type { BinanceExchange } from './exchange.js';
import type { Reader } from './reading.js';

export interface VenueClock {
  /** Venue's time minus ours, milliseconds; null before the first measurement. */
  readonly offsetMs: number | null;
  /** Measures it and uses it from now on. The venue's time. Throws `VenueUnavailable`. */
  measure(): Promise<number>;
}

export function createVenueClock(exchange: BinanceExchange, reader: Reader, nowMs: () => number): VenueClock {
  let offsetMs: number | null = null;
  return {
    get offsetMs() {
      return offsetMs;
    },
    async measure() {
      const sentMs = nowMs();
      const serverMs = await reader.read({
        name: 'GET time',
        weight: 1,
        urgency: 'background',
        send: (ccxt) => ccxt.publicGetTime(),
        decode: (body) => wholeField(fieldsOf(body, 'time'), 'serverTime', 'time'),
      });
      // The answer left the venue about half way between question and answer.
      offsetMs = Math.round(serverMs - (sentMs + nowMs()) / 2);
      exchange.setClockOffset(offsetMs);
      return serverMs;
    },
  };
}
