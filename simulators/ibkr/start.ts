/**
 * Starts the simulator on the loopback address: TWS and, for connections that begin like HTTP, the control endpoint.
 */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { readBody } from '../read-body.js';
import { type Action, controlActions } from './control.js';
import { Session } from './session.js';
import { Simulation, type SimulationOptions } from './simulation.js';

export interface SimulatorOptions extends SimulationOptions {
  /** 0: any free port. */
  readonly port?: number;
  /** Prices move by themselves at this interval in milliseconds. */
  readonly walkMs?: number;
}

export interface IbkrSimulator {
  /** HOST:PORT, for TWS clients and for HTTP. */
  readonly address: string;
  readonly port: number;
  readonly simulation: Simulation;
  close(): Promise<void>;
}

const TICK_MS = 100;
const HTTP_BEGINS = /^(GET|POST) /;

export async function startIbkrSimulator(options: SimulatorOptions = {}): Promise<IbkrSimulator> {
  const simulation = new Simulation(options);
  const actions = controlActions(simulation);
  const control = createHttpServer((request, response) => {
    answerControl(actions, request, response).catch(() => response.destroy());
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.once('error', () => socket.destroy());
    // The first bytes decide: a TWS client begins with API and a NUL.
    socket.once('data', (first) => {
      socket.pause();
      socket.unshift(first);
      if (HTTP_BEGINS.test(first.toString('latin1'))) control.emit('connection', socket);
      else if (performance.now() < simulation.downUntilMs) socket.destroy();
      else new Session(simulation, socket);
      socket.resume();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const ticking = setInterval(() => simulation.tick(), TICK_MS);
  const walking =
    options.walkMs === undefined ? undefined : setInterval(() => simulation.walk(), options.walkMs);
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    port,
    simulation,
    async close() {
      clearInterval(ticking);
      clearInterval(walking);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answerControl(
  actions: ReadonlyMap<string, Action>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const send = (status: number, body: object) =>
    response
      .writeHead(status, { 'content-type': 'application/json', connection: 'close' })
      .end(JSON.stringify(body));
  try {
    const action = path.startsWith('/_simulator')
      ? actions.get(path.slice('/_simulator'.length).replace(/^\//, ''))
      : undefined;
    if (action === undefined) throw new Error(`no such control: ${path}`);
    const body = await readBody(request);
    send(200, (action(body === '' ? {} : JSON.parse(body)) as object | undefined) ?? { ok: true });
  } catch (error) {
    send(400, { problem: error instanceof Error ? error.message : String(error) });
  }
}
