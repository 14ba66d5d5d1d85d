/** Public prices from a simulator instead of the venue: the addresses that the live feed asks for. */

/** As much of a ccxt exchange as holds its stream addresses. */
interface StreamAddresses {
  readonly urls: { readonly api: Record<string, unknown> };
}

const VENUE = /^https:\/\/(?:[a-z0-9-]+\.)*(?:binance\.com|binance\.vision)(?=\/|$)/;

/** `address` as of a simulator's endpoint; prices and orders then come from the same book. */
export function simulatorAddresses(address: string) {
  return {
    market: 'simulator',
    http: (url: string): string => url.replace(VENUE, address),
    streams(exchange: StreamAddresses): void {
      const streams = exchange.urls.api.ws as Record<string, unknown>;
      // The library takes an address for a spot one by the word "/stream" in it.
      streams.spot = `${address.replace(/^http/, 'ws')}/stream/ws`;
    },
  };
}
