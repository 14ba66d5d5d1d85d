/**
 * ccxt's Binance class, imported on its own: the package's root would load every exchange and take 60 MB.
 * Only its signing, transport, error texts and sockets are used; amounts stay the decimal texts that the
 * venue sent.
 */
import http from 'node:http';
import https from 'node:https';
import { guardFutures } from '../ccxt/guard-futures.js';
import type { VenueEndpoint } from '../prices.js';
import { type Answer, answerOfWire, readWireAnswer, type WireAnswer } from './answer.js';
import type { BinanceCredentials } from './credentials.js';

/** A request that is older than this when it arrives is refused. */
export const RECV_WINDOW_MS = 5000;

type Parameters = Readonly<Record<string, string | number>>;
type Method = (parameters?: Parameters) => Promise<unknown>;

export interface SocketClient {
  future(hash: string): Promise<unknown>;
  reset(error: Error): void;
  close(): void;
  isOpen(): boolean;
  error?: Error | undefined;
  guarded?: boolean;
}

/** The part of ccxt's class that is used here. */
export interface CcxtBinance {
  apiKey: string;
  secret: string;
  timeout: number;
  enableRateLimit: boolean;
  options: Record<string, unknown>;
  streaming: Record<string, unknown>;
  urls: { api: { ws: { 'ws-api': { spot: string } } } };
  publicGetTime: Method;
  publicGetExchangeInfo: Method;
  publicGetTickerBookTicker: Method;
  privateGetAccount: Method;
  sapiGetAccountApiRestrictions: Method;
  privatePostOrder: Method;
  privatePostOrderCancelReplace: Method;
  privateGetOrder: Method;
  privateDeleteOrder: Method;
  privateGetOpenOrders: Method;
  privateGetAllOrders: Method;
  privateGetMyTrades: Method;
  sapiGetCapitalDepositHisrec: Method;
  sapiGetCapitalWithdrawHistory: Method;
  sapiGetAssetAssetDividend: Method;
  sapiGetAssetDribblet: Method;
  sapiGetAssetTransfer: Method;
  request(path: string, api: string, method: string, parameters: Parameters): Promise<unknown>;
  clients: Record<string, SocketClient>;
  milliseconds(): number;
  handleErrors(...parameters: unknown[]): unknown;
  handleHttpStatusCode(...parameters: unknown[]): void;
  handleMessage(client: SocketClient, message: unknown): void;
  client(url: string): SocketClient;
  authenticate(parameters: object): Promise<void>;
  setSandboxMode(on: boolean): void;
  loadHttpProxyAgent(): Promise<unknown>;
  close(): Promise<void>;
}

export interface BinanceExchange {
  readonly ccxt: CcxtBinance;
  readonly socketUrl: string;
  /** Every request ends in one of the four answers; this never throws. */
  ask(call: (ccxt: CcxtBinance) => Promise<unknown>): Promise<Answer>;
  /** The venue's clock relative to ours, in milliseconds; subtracted from every timestamp. */
  setClockOffset(offsetMs: number): void;
  /** Closes kept-alive connections. Sockets are closed with the user stream. */
  close(): void;
}

export type OnHeaders = (
  status: number,
  headers: Readonly<Record<string, string>>,
  code: number | null,
) => void;

interface ExchangeOptions {
  readonly endpoint: VenueEndpoint;
  /** Null for public data only. */
  readonly credentials: BinanceCredentials | null;
  /** Time limit of one request, in milliseconds. */
  readonly timeoutMs: number;
  /**
   * Interval of the pings on a socket, in milliseconds. A socket that answers none for twice as long is closed.
   */
  readonly keepAliveMs: number;
  /**
   * Milliseconds since 1970 by a clock that nobody sets; signed requests are dated by it, before the venue's offset
   * is applied.
   */
  readonly nowMs: () => number;
  /** Called for every answer that has an HTTP status; `code` is the venue's own, null if it gave none. */
  readonly onHeaders: OnHeaders;
}

export async function openExchange(options: ExchangeOptions): Promise<BinanceExchange> {
  const transport = createTransport(options.endpoint);
  const ccxt = await createCcxt(options, transport);
  const errors = keepWireAnswers(ccxt, options.onHeaders);
  guardFutures(ccxt);
  return {
    ccxt,
    socketUrl: ccxt.urls.api.ws['ws-api'].spot,
    async ask(call) {
      try {
        return { kind: 'answered', body: await call(ccxt) };
      } catch (error) {
        const wire = error instanceof Error ? errors.get(error) : undefined;
        return wire === undefined ? { kind: 'unanswered', cause: plainCause(error) } : answerOfWire(wire);
      }
    },
    setClockOffset(offsetMs) {
      ccxt.options.timeDifference = -offsetMs;
    },
    close: () => transport.close(),
  };
}

async function createCcxt(options: ExchangeOptions, transport: Transport): Promise<CcxtBinance> {
  const { endpoint, credentials } = options;
  const url = new URL('./src/pro/binance.js', import.meta.resolve('ccxt')).href;
  const { default: Binance } = (await import(url)) as { default: new (config: object) => CcxtBinance };
  const ccxt = new Binance({
    apiKey: credentials?.apiKey ?? '',
    secret: credentials?.secret ?? '',
    timeout: options.timeoutMs,
    // Our own rate limit with priorities comes first; ccxt's would make twenty closing orders wait for each other.
    enableRateLimit: false,
    fetchImplementation: transport.send,
    // We pause between connections ourselves (`user-stream.ts`); the library must not pause too.
    options: {
      defaultType: 'spot',
      timeDifference: 0,
      recvWindow: RECV_WINDOW_MS,
      ws: { backoff: { base: 0 } },
    },
  });
  if (endpoint.kind === 'testnet') ccxt.setSandboxMode(true);
  if (endpoint.kind === 'simulator') {
    ccxt.urls.api.ws['ws-api'].spot = `${endpoint.address.replace(/^http/, 'ws')}/ws-api/v3`;
    // Without it ccxt refuses every ws:// address.
    await ccxt.loadHttpProxyAgent();
  }
  ccxt.streaming = { ...ccxt.streaming, keepAlive: options.keepAliveMs };
  ccxt.milliseconds = options.nowMs;
  return ccxt;
}

/**
 * ccxt turns answers into error classes and drops the venue's code on the way; the class alone doesn't say
 * whether an order was refused. So each error is linked to the answer it was made from.
 */
function keepWireAnswers(ccxt: CcxtBinance, onHeaders: OnHeaders): WeakMap<Error, WireAnswer> {
  const answers = new WeakMap<Error, WireAnswer>();
  function keeping<T>(wire: WireAnswer, judge: () => T): T {
    try {
      return judge();
    } catch (error) {
      if (error instanceof Error) answers.set(error, wire);
      throw error;
    }
  }
  const handleErrors = ccxt.handleErrors.bind(ccxt);
  ccxt.handleErrors = (...parameters) => {
    const [status, , url, , headers, , body] = parameters;
    const wire = readWireAnswer(Number(status), body);
    // The socket's own errors come through here too, with its address and without a status.
    if (typeof status === 'number' && typeof url === 'string' && url.startsWith('http')) {
      onHeaders(status, (headers ?? {}) as Record<string, string>, wire.code);
    }
    return keeping(wire, () => handleErrors(...parameters));
  };
  const handleHttpStatusCode = ccxt.handleHttpStatusCode.bind(ccxt);
  ccxt.handleHttpStatusCode = (...parameters) =>
    keeping(readWireAnswer(Number(parameters[0]), null), () => handleHttpStatusCode(...parameters));
  return answers;
}

/** ccxt's messages contain the whole address with its signature: only the cause is kept. */
export function plainCause(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  if (error.name === 'RequestTimeout') return 'no answer in time';
  if (error instanceof TypeError || error instanceof SyntaxError) return 'an answer that is no JSON';
  return error.name === 'NetworkError' ? 'the connection failed' : error.name;
}

const VENUE = /^https:\/\/(?:[a-z0-9-]+\.)*(?:binance\.com|binance\.vision)(?=\/|$)/;
const BODY_MAX = 16 * 1024 * 1024;
/** Enough sockets for every cancel and closing order of a desk at once. */
const SOCKETS_MAX = 64;

interface Outgoing {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

/** The part of a fetch response that the client library reads. */
interface Incoming {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  text(): Promise<string>;
}

interface Transport {
  /** Rejects if there was no complete answer. A redirect is an answer; it is not followed. */
  send(url: string, request: Outgoing): Promise<Incoming>;
  close(): void;
}

/**
 * Sends requests to the venue itself, or to a simulator under the same paths. Uses Node's own HTTP client: it
 * needs 15 MB less than `fetch`, and the time and size limits here cover the body too. The address is
 * rewritten here and not in the library's table of addresses: the library tells its error tables apart by the
 * venue's own address.
 */
function createTransport(endpoint: VenueEndpoint): Transport {
  const options = { keepAlive: true, maxSockets: SOCKETS_MAX, scheduling: 'lifo' } as const;
  const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };
  return {
    send(url, request) {
      const target = new URL(endpoint.kind === 'simulator' ? url.replace(VENUE, endpoint.address) : url);
      const plain = target.protocol === 'http:';
      const agent = plain ? agents['http:'] : agents['https:'];
      const { method, headers, signal } = request;
      const open = plain ? http.request : https.request;
      return exchangeMessages(open(target, { method, headers, signal, agent }), request.body);
    },
    close() {
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
  };
}

function exchangeMessages(request: http.ClientRequest, body: string | undefined): Promise<Incoming> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > BODY_MAX) request.destroy(new Error('an answer over 16 MiB'));
        else chunks.push(chunk);
      });
      response.on('end', () => resolve(incoming(response, Buffer.concat(chunks).toString('utf8'))));
    });
    request.end(body);
  });
}

function incoming(response: http.IncomingMessage, text: string): Incoming {
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return {
    status: response.statusCode ?? 0,
    statusText: response.statusMessage ?? '',
    headers,
    text: () => Promise.resolve(text),
  };
}
