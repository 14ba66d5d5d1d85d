/** Starts the simulator on the loopback address. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { BODY_MAX, readBody } from '../read-body.js';
import { controlActions, type Sockets } from './control.js';
import { answerRest, MAINTENANCE_PAGE } from './requests/http-answer.js';
import { Refusal } from './requests/refusal.js';
import { readTimeUnit } from './requests/time-unit.js';
import { Simulation, type SimulationOptions } from './simulation.js';
import { MarketStreams } from './streams/market-streams.js';
import { SocketApi } from './streams/socket-api.js';

export interface SimulatorOptions extends SimulationOptions {
  /** 0: any free port. */
  readonly port?: number;
  /** Prices move by themselves every `everyMs` milliseconds, by at most `ppm`. */
  readonly walk?: { readonly everyMs: number; readonly ppm: number };
  /** Instead of `walk`: prices follow the waves of `history`, moving at this interval. */
  readonly waveEveryMs?: number;
}

export interface BinanceSimulator {
  readonly address: string;
  readonly port: number;
  readonly simulation: Simulation;
  readonly userStreams: SocketApi;
  readonly marketStreams: MarketStreams;
  readonly sockets: Sockets;
  close(): Promise<void>;
}

export async function startBinanceSimulator(options: SimulatorOptions = {}): Promise<BinanceSimulator> {
  const simulation = new Simulation(options);
  const userStreams = new SocketApi(simulation);
  const streams = new MarketStreams(simulation);
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: BODY_MAX });
  const sockets = { ...socketControl(webSockets), forget: (symbol: string) => streams.forget(symbol) };
  const actions = controlActions(simulation, userStreams, sockets);
  // Longer than a client waits: what is closed here just as the next request is sent looks like a fault.
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    handle(simulation, actions, request, response).catch((error: unknown) => {
      process.stderr.write(`simulator: ${error instanceof Error ? error.stack : String(error)}\n`);
      response.destroy();
    });
  });
  server.on('upgrade', (request, socket, head) => {
    if (simulation.maintenance) {
      socket.end(
        `HTTP/1.1 503 Service Unavailable\r\ncontent-length: ${MAINTENANCE_PAGE.length}\r\n\r\n${MAINTENANCE_PAGE}`,
      );
      return;
    }
    const [path = '/', query = ''] = (request.url ?? '/').split('?');
    const refused = refusedUpgrade(path, query);
    if (refused !== null) {
      socket.end(`HTTP/1.1 ${refused}\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => {});
      if (path.startsWith('/ws-api/')) userStreams.accept(client, query);
      else streams.accept(client, path, query);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const walking = movePrices(simulation, options);
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    port,
    simulation,
    userStreams,
    marketStreams: streams,
    sockets,
    async close() {
      clearInterval(walking);
      streams.close();
      sockets.freeze(false);
      sockets.drop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Undefined: prices move only on request. */
function movePrices(
  simulation: Simulation,
  { walk, waveEveryMs, history }: SimulatorOptions,
): NodeJS.Timeout | undefined {
  const waves = history?.waves;
  if (waves !== undefined && waveEveryMs !== undefined)
    return setInterval(() => simulation.wave(waves), waveEveryMs);
  return walk === undefined ? undefined : setInterval(() => simulation.walk(walk.ppm), walk.everyMs);
}

/** A client answers a ping once it has read what came before it. */
function answersPing(client: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      client.off('pong', done).off('close', done);
      resolve();
    };
    client.on('pong', done).on('close', done);
    client.ping();
  });
}

/** Null if something listens at this address. */
function refusedUpgrade(path: string, query: string): string | null {
  if (!/^\/(ws-api\/v3|ws|stream)(\/|$)/.test(path)) return '404 Not Found';
  try {
    readTimeUnit(new URLSearchParams(query).get('timeUnit'));
    return null;
  } catch (error) {
    if (error instanceof Refusal) return '400 Bad Request';
    throw error;
  }
}

function socketControl(webSockets: WebSocketServer): Omit<Sockets, 'forget'> {
  const raw = (client: WebSocket): Socket => (client as unknown as { _socket: Socket })._socket;
  return {
    drop() {
      for (const client of webSockets.clients) client.terminate();
    },
    freeze(frozen) {
      for (const client of webSockets.clients) {
        if (frozen) raw(client).pause();
        else raw(client).resume();
      }
    },
    async heard() {
      const open = [...webSockets.clients].filter(({ readyState }) => readyState === WebSocket.OPEN);
      await Promise.all(open.map(answersPing));
    },
  };
}

async function handle(
  simulation: Simulation,
  actions: ReturnType<typeof controlActions>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  if (!path.startsWith('/_simulator')) return answerRest(simulation, request, response, body);
  const action = actions.get(path.slice('/_simulator'.length).replace(/^\//, ''));
  try {
    if (action === undefined) throw new Error(`no such control: ${path}`);
    const result = action(body === '' ? {} : (JSON.parse(body) as Record<string, unknown>));
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(result ?? { ok: true }));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ problem }));
  }
}
