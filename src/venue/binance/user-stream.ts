/**
 * The account's own events over the WebSocket API, as the venue sends them. Reconnects after every end, detects
 * half-open connections, and leaves no promise whose failure could end the process.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backoff, jitteredMs } from '../../domain/backoff.js';
import { type Fields, fieldsOf } from './decode.js';
import { type BinanceExchange, plainCause, type SocketClient } from './exchange.js';

interface UserStreamOptions {
  readonly exchange: BinanceExchange;
  readonly onEvent: (event: Fields) => void;
  readonly onConnected: () => void;
  readonly onLost: (cause: string) => void;
  /** Time limit of connecting and subscribing together. */
  readonly connectTimeoutMs: number;
  readonly backoff: Backoff;
  readonly random: () => number;
  /** How long the venue still wants silence; 0 or less if it does not. */
  readonly silentMs: () => number;
}

export interface UserStream {
  close(): Promise<void>;
  readonly reconnects: number;
}

/** Events after which no more come, although the socket stays open. */
const ENDINGS: ReadonlySet<unknown> = new Set(['eventStreamTerminated', 'listenKeyExpired']);

export function openUserStream(options: UserStreamOptions): UserStream {
  const { exchange } = options;
  const closing = new AbortController();
  let connections = 0;
  listen(options, closing.signal);
  const running = keepConnected();

  async function keepConnected(): Promise<void> {
    for (let failures = 0; !closing.signal.aborted; failures += 1) {
      const cause = await stayConnected(options, closing.signal, () => {
        failures = 0;
        connections += 1;
        options.onConnected();
      });
      if (closing.signal.aborted) return;
      options.onLost(cause);
      const pauseMs = Math.max(options.silentMs(), jitteredMs(failures + 1, options.backoff, options.random));
      await sleep(pauseMs, undefined, { signal: closing.signal, ref: false }).catch(() => {});
    }
  }

  return {
    get reconnects() {
      return Math.max(0, connections - 1);
    },
    async close() {
      closing.abort();
      await exchange.ccxt.close().catch(() => {});
      await running;
    },
  };
}

/**
 * The library would parse an execution into floating point and keep one of several, so no event reaches it.
 */
function listen({ exchange, onEvent }: UserStreamOptions, closing: AbortSignal): void {
  const handleMessage = exchange.ccxt.handleMessage.bind(exchange.ccxt);
  exchange.ccxt.handleMessage = (client: SocketClient, message: unknown) => {
    const event =
      message !== null && typeof message === 'object' && 'event' in message ? message.event : undefined;
    if (event === undefined || event === null) {
      handleMessage(client, message);
      return;
    }
    if (closing.aborted) return;
    const fields = typeof event === 'object' ? fieldsOf(event, 'event') : {};
    if (ENDINGS.has(fields.e)) drop(exchange, client, 'the venue ended the user stream');
    else onEvent(fields);
  };
}

/** Resolves with the reason once the connection has ended or could not be made. */
async function stayConnected(
  { exchange, connectTimeoutMs }: UserStreamOptions,
  closing: AbortSignal,
  onConnected: () => void,
): Promise<string> {
  const { ccxt, socketUrl } = exchange;
  const client = ccxt.client(socketUrl);
  const givenUp = new AbortController();
  try {
    const ended = client.future('fermata:ended');
    const late = sleep(connectTimeoutMs, 'late' as const, { signal: givenUp.signal, ref: false });
    late.catch(() => {});
    const first = await Promise.race([ccxt.authenticate({ type: 'spot' }), late]);
    if (first === 'late') {
      const cause = 'the user stream could not be subscribed in time';
      drop(exchange, client, cause);
      return cause;
    }
    if (closing.aborted) return 'closed by us';
    onConnected();
    await ended;
    return 'the user stream ended';
  } catch (error) {
    const cause = `the user stream was lost: ${plainCause(error)}`;
    drop(exchange, client, cause);
    return cause;
  } finally {
    givenUp.abort();
  }
}

/**
 * Forgets the socket at once: its close event may never come, or come when the next socket is already in its place.
 */
function drop({ ccxt, socketUrl }: BinanceExchange, client: SocketClient, cause: string): void {
  client.error ??= new Error(cause);
  if (ccxt.clients[socketUrl] === client) delete ccxt.clients[socketUrl];
  client.reset(client.error);
  client.close();
}
