/** How requests leave: to the venue itself, or to a simulator at the same paths. Answers have a largest size. */
import type { BinanceEndpoint } from './endpoint.js';

const VENUE = /^https:\/\/(?:[a-z0-9-]+\.)*(?:binance\.com|binance\.vision)(?=\/|$)/;
const BODY_MAX = 16 * 1024 * 1024;

interface Request {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/**
 * The address is rewritten here and not in the client library's table of addresses: the library tells its error
 * tables apart by the venue's own address.
 */
export function boundedFetch(
  endpoint: BinanceEndpoint,
): (url: string, request: Request) => Promise<Response> {
  return async (url, request) => {
    const target = endpoint.kind === 'simulator' ? url.replace(VENUE, endpoint.address) : url;
    const response = await fetch(target, {
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      signal: request.signal,
      redirect: 'error',
    });
    if (Number(response.headers.get('content-length') ?? 0) > BODY_MAX) {
      await response.body?.cancel();
      throw new TypeError('an answer over 16 MiB');
    }
    return response;
  };
}
