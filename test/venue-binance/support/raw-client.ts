/** The smallest client of the protocol: fetch and an HMAC. Proves that the simulator needs no client of ours. */
import { createHmac } from 'node:crypto';
import { DEFAULT_KEYS } from '../../../simulators/binance/accounts.js';

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of the wire, looked into freely by tests
  readonly body: any;
  readonly headers: Headers;
}

export const TRADING_KEY = DEFAULT_KEYS[0]!;
export const READING_KEY = DEFAULT_KEYS[1]!;
export const WITHDRAWING_KEY = DEFAULT_KEYS[2]!;
export const OTHER_KEY = DEFAULT_KEYS[3]!;

export function rawClient(address: string, key = TRADING_KEY) {
  async function send(method: string, path: string, query: string): Promise<RawAnswer> {
    const response = await fetch(`${address}${path}${query === '' ? '' : `?${query}`}`, {
      method,
      headers: { 'X-MBX-APIKEY': key.apiKey },
    });
    const text = await response.text();
    let body: unknown = null;
    try {
      body = JSON.parse(text);
    } catch {
      // A page, or half an answer: `text` has it.
    }
    return { status: response.status, text, body, headers: response.headers };
  }

  function signature(payload: string): string {
    return createHmac('sha256', key.secret).update(payload).digest('hex');
  }

  return {
    signature,
    open: (path: string, values: Record<string, string> = {}) =>
      send('GET', path, new URLSearchParams(values).toString()),
    signed(method: string, path: string, values: Record<string, string> = {}, timestamp = Date.now()) {
      const query = new URLSearchParams({ ...values, timestamp: String(timestamp) }).toString();
      return send(method, path, `${query}&signature=${signature(query)}`);
    },
    async control(path: string, body: object = {}): Promise<unknown> {
      const response = await fetch(`${address}/_simulator/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(await response.text());
      return response.json();
    },
    send,
  };
}
