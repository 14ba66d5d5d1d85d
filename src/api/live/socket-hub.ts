/**
 * Live updates. A client authenticates with its first message (a token in the address would end up in logs); then it
 * gets the state whenever it has changed, at most as often as the watch polls, and only once it has the one before:
 * each message is followed by a ping, which every client answers by itself. On a slow link the states in between are
 * left out, where the kernel and the link would queue them, and each would arrive later than the one before it. A
 * client that doesn't answer is dropped.
 */

import type { FastifyInstance } from 'fastify';
import type { WebSocket } from 'ws';
import type { Session } from '../auth/tokens.js';
import { sendProblem } from '../problem-details.js';
import type { LiveMessage } from '../schemas/records.js';
import type { LiveState, StatusWatch } from './status-watch.js';

/** Limit of pages for each person; those of others don't count. */
const OF_A_PERSON_MAX = 16;
/** Limit of connections that have not authenticated yet. The next one closes the oldest of them. */
const SILENT_MAX = 32;
const FIRST_MESSAGE_MS = 5000;
/** 10 s: a page shows no mode that may be older. */
const SLOW_ROUNDS_MAX = 40;
const MESSAGE_BYTES_MAX = 8192;
/** Lets a page tell a quiet market from a dead connection. */
const ALIVE_EVERY_MS = 5000;

/** Our own close codes (4000 to 4999 are free for applications). */
const CLOSE = { signIn: 4401, tooMany: 4429 } as const;

interface Client {
  readonly socket: WebSocket;
  session: Session | null;
  lastKey: string;
  /** By a clock that nobody sets. */
  lastSentMs: number;
  /** Messages sent, and how many of them have arrived. */
  sent: number;
  arrived: number;
  slowRounds: number;
  readonly signInTimer: NodeJS.Timeout;
}

export class SocketHub {
  readonly #clients = new Set<Client>();
  #stopListening: (() => void) | null = null;

  constructor(
    private readonly watch: StatusWatch,
    private readonly readAccess: (token: string) => Session | 'expired' | 'invalid',
    private readonly isActive: (family: string) => boolean,
    private readonly nowMs: () => number,
  ) {}

  get size(): number {
    return this.#clients.size;
  }

  add(socket: WebSocket): void {
    const silent = [...this.#clients].filter(({ session }) => session === null);
    if (silent.length >= SILENT_MAX) this.#drop(silent[0]);
    const signInTimer = setTimeout(() => socket.close(CLOSE.signIn, 'no token came'), FIRST_MESSAGE_MS);
    const client: Client = {
      ...{ socket, session: null, signInTimer },
      ...{ lastKey: '', lastSentMs: Number.NEGATIVE_INFINITY, sent: 0, arrived: 0, slowRounds: 0 },
    };
    this.#clients.add(client);
    socket.on('message', (data, isBinary) => this.#receive(client, isBinary ? '' : String(data)));
    socket.on('pong', (told) => {
      client.arrived = Math.max(client.arrived, Math.min(client.sent, Number(String(told)) || 0));
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.#remove(client));
  }

  close(): void {
    for (const { socket } of this.#clients) socket.close(1001, 'the web server stops');
    this.#stopListening?.();
    this.#stopListening = null;
  }

  #receive(client: Client, text: string): void {
    if (!this.#clients.has(client)) return;
    const token = text.length <= MESSAGE_BYTES_MAX ? tokenOf(text) : null;
    const session = token === null ? 'invalid' : this.readAccess(token);
    if (typeof session === 'string') {
      client.socket.close(CLOSE.signIn, `token ${session}`);
      return;
    }
    if (this.#pagesOf(session.person, client) >= OF_A_PERSON_MAX) {
      client.socket.close(CLOSE.tooMany, 'too many pages are open');
      return;
    }
    clearTimeout(client.signInTimer);
    client.session = session;
    this.#stopListening ??= this.watch.listen((state) => this.#push(state));
    const { expiresMs } = session;
    client.socket.send(textOf({ type: 'welcome', atWallMs: this.nowMs(), expiresMs }));
    this.#send(client, this.watch.state, changeKey(this.watch.state));
  }

  #pagesOf(person: string, but: Client): number {
    return [...this.#clients].filter((other) => other !== but && other.session?.person === person).length;
  }

  #drop(client: Client | undefined): void {
    client?.socket.close(CLOSE.tooMany, 'too many connections say nothing');
    if (client) this.#remove(client);
  }

  #push(state: LiveState): void {
    const key = changeKey(state);
    for (const client of this.#clients) this.#send(client, state, key);
  }

  #send(client: Client, state: LiveState, key: string): void {
    const { session, socket } = client;
    if (session === null) return;
    if (session.expiresMs <= this.nowMs() || !this.isActive(session.family)) {
      socket.close(CLOSE.signIn, 'token expired');
      return;
    }
    if (client.arrived < client.sent) {
      client.slowRounds += 1;
      if (client.slowRounds > SLOW_ROUNDS_MAX) socket.terminate();
      return;
    }
    client.slowRounds = 0;
    const [now, atWallMs] = [performance.now(), this.nowMs()];
    if (key !== client.lastKey) socket.send(textOf({ type: 'state', atWallMs, ...state }));
    else if (now - client.lastSentMs >= ALIVE_EVERY_MS) socket.send(textOf({ type: 'alive', atWallMs }));
    else return;
    client.sent += 1;
    socket.ping(String(client.sent));
    client.lastKey = key;
    client.lastSentMs = now;
  }

  #remove(client: Client): void {
    clearTimeout(client.signInTimer);
    this.#clients.delete(client);
    if (this.#clients.size === 0) {
      this.#stopListening?.();
      this.#stopListening = null;
    }
  }
}

const textOf = (message: LiveMessage): string => JSON.stringify(message);

/** The parts of the state whose change is worth a message: all but memory and the age of a quote. */
function changeKey({ trader, status, processes, alerts }: LiveState): string {
  if (status === null) return JSON.stringify([trader, processes, alerts]);
  const marketData = { ...status.marketData, lastQuoteAgeMs: null };
  return JSON.stringify([trader, processes, alerts, { ...status, rssBytes: 0, marketData }]);
}

function tokenOf(text: string): string | null {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null) return null;
    const { type, token } = message as { type?: unknown; token?: unknown };
    return type === 'auth' && typeof token === 'string' ? token : null;
  } catch {
    return null;
  }
}

/** Anybody may connect; the hub sends nothing until the first message has brought a valid token. */
export function liveSocketRoute(app: FastifyInstance, hub: SocketHub): void {
  app.route({
    method: 'GET',
    url: '/api/ws',
    schema: {
      summary:
        'WebSocket: send {"type":"auth","token":"…"} first, then receive {"type":"state",…} on every change',
      description: 'Each message is a `LiveMessage` (components); no HTTP response has that shape.',
      tags: ['state'],
      security: [],
    },
    config: { access: 'public' },
    wsHandler: (socket) => hub.add(socket),
    handler: (_request, reply) =>
      sendProblem(reply.header('upgrade', 'websocket'), {
        status: 426,
        code: 'upgrade-required',
        detail: 'This address speaks WebSocket.',
        keptSafe: 'Nothing was changed.',
        doThis: 'Connect with a WebSocket client and send the access token in the first message.',
      }),
  });
}
