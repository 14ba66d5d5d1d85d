/** Starts the simulator on the loopback address: `/bot<token>/<method>` and the control endpoint. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { controlActions } from './control.js';
import type { FaultEffect } from './faults.js';
import { METHODS } from './methods.js';
import { Refusal } from './refusal.js';
import { readParameters } from './request-body.js';
import { Simulation } from './simulation.js';

export interface TelegramSimulator {
  /** The root address of the Bot API for a client. */
  readonly address: string;
  readonly port: number;
  readonly simulation: Simulation;
  close(): Promise<void>;
}

export async function startTelegramSimulator(
  options: {
    readonly port?: number;
    readonly tokens?: readonly string[];
    readonly nowMs?: () => number;
  } = {},
): Promise<TelegramSimulator> {
  const simulation = new Simulation(options.tokens, options.nowMs);
  const control = controlActions(simulation);
  // Longer than a client waits: what is closed here just as the next request is sent looks like a fault.
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    handle(simulation, control, request, response).catch((error: unknown) => {
      process.stderr.write(`simulator: ${error instanceof Error ? error.stack : String(error)}\n`);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    port,
    simulation,
    close: async () => {
      for (const bot of simulation.bots.values()) bot.endPolls();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function handle(
  simulation: Simulation,
  control: ReturnType<typeof controlActions>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (url.pathname.startsWith('/_simulator')) return answerControl(control, request, response, url);
  const match = /^\/bot([^/]+)\/([A-Za-z]+)$/.exec(url.pathname);
  const method = (match?.[2] ?? '').toLowerCase();
  if (simulation.away) {
    response.destroy();
    return;
  }
  const effect = simulation.faults.take(method);
  if (effect?.kind === 'break') {
    response.destroy();
    return;
  }
  if (effect?.kind === 'slow') await sleep(effect.ms);
  const answer = await callMethod(
    simulation,
    { token: match?.[1] ?? '', method, url, effect },
    request,
    response,
  );
  if (effect?.kind === 'hangAfterAccept') return;
  if (effect?.kind === 'dropAfterAccept' || simulation.away) {
    response.destroy();
    return;
  }
  send(response, answer.status, answer.body);
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

async function callMethod(
  simulation: Simulation,
  call: {
    readonly token: string;
    readonly method: string;
    readonly url: URL;
    readonly effect: FaultEffect | null;
  },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const parameters = await readParameters(request, call.url.searchParams);
    simulation.saw(call.method);
    const bot = simulation.bots.get(call.token);
    if (!bot) throw new Refusal(401, 'Unauthorized');
    refuseByFault(call.effect);
    const method = METHODS.get(call.method);
    if (!method) throw new Refusal(404, 'Not Found: method not found');
    return { status: 200, body: { ok: true, result: await method(bot, parameters, gone.signal) } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const after = error.retryAfter === null ? {} : { parameters: { retry_after: error.retryAfter } };
    return {
      status: error.code,
      body: { ok: false, error_code: error.code, description: error.message, ...after },
    };
  }
}

function refuseByFault(effect: FaultEffect | null): void {
  if (effect?.kind === 'error')
    throw new Refusal(effect.status, effect.description ?? 'Internal Server Error');
  if (effect?.kind === 'tooMany')
    throw new Refusal(429, `Too Many Requests: retry after ${effect.retryAfter}`, effect.retryAfter);
}

async function answerControl(
  control: ReturnType<typeof controlActions>,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  try {
    const action = control.get(url.pathname.slice('/_simulator'.length).replace(/^\//, ''));
    if (!action) throw new Error(`no such control: ${url.pathname}`);
    send(response, 200, (action(await readParameters(request, url.searchParams)) as object) ?? { ok: true });
  } catch (error) {
    send(response, 400, { problem: error instanceof Error ? error.message : String(error) });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
