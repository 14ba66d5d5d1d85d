/** The live connection: signs in with its first message, reconnects by itself, and reports openly when it is lost. */

import type { LiveMessage, LiveState } from '../api/shapes.js';
import type { Session } from './session.js';

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'lost'; readonly retryAtMs: number };

/** The server sends something at least every 5 s. */
const SILENCE_MAX_MS = 12_000;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 8_000;
const SIGN_IN_AGAIN = 4401;

export interface LiveListener {
  onConnection(connection: Connection): void;
  onState(state: LiveState): void;
}

export class Live {
  #socket: WebSocket | null = null;
  #retryMs = RETRY_FIRST_MS;
  #timers: ReturnType<typeof setTimeout>[] = [];
  #silence: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(
    private readonly session: Session,
    private readonly listener: LiveListener,
  ) {}

  async open(): Promise<void> {
    if (this.#closed) return;
    this.listener.onConnection({ kind: 'connecting' });
    let token: string | null;
    try {
      token = await this.session.accessToken();
    } catch {
      this.#retry();
      return;
    }
    if (token === null || this.#closed) return;
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/ws`);
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: 'auth', token }));
    socket.onmessage = ({ data }) => this.#receive(socket, JSON.parse(String(data)) as LiveMessage);
    socket.onclose = ({ code }) => {
      if (this.#socket === socket) this.#lose(code);
    };
    this.#watchSilence(socket);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    clearTimeout(this.#silence);
    this.#socket?.close();
  }

  #receive(socket: WebSocket, message: LiveMessage): void {
    this.#watchSilence(socket);
    if (message.type === 'welcome') {
      this.#retryMs = RETRY_FIRST_MS;
      this.listener.onConnection({ kind: 'live' });
      this.#renewBefore(socket, message.expiresMs);
    }
    if (message.type === 'state') this.listener.onState(message);
  }

  /** Sends a new token on the same connection before the old one expires. */
  #renewBefore(socket: WebSocket, expiresMs: number): void {
    const renew = async (): Promise<void> => {
      const token = await this.session.accessToken().catch(() => null);
      if (token !== null && socket.readyState === WebSocket.OPEN) {
        socket.send(JSON.stringify({ type: 'auth', token }));
      }
    };
    this.#later(() => void renew(), Math.max(1_000, expiresMs - Date.now() - 25_000));
  }

  #watchSilence(socket: WebSocket): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      if (this.#socket === socket) {
        socket.close();
        this.#lose(0);
      }
    }, SILENCE_MAX_MS);
  }

  #lose(code: number): void {
    this.#socket = null;
    clearTimeout(this.#silence);
    if (this.#closed) return;
    if (code === SIGN_IN_AGAIN) void this.session.restore();
    this.#retry();
  }

  #retry(): void {
    const waitMs = this.#retryMs * (0.75 + Math.random() / 2);
    this.#retryMs = Math.min(RETRY_MAX_MS, this.#retryMs * 2);
    this.listener.onConnection({ kind: 'lost', retryAtMs: Date.now() + waitMs });
    this.#later(() => void this.open(), waitMs);
  }

  #later(work: () => void, waitMs: number): void {
    const timer = setTimeout(() => {
      this.#timers = this.#timers.filter((one) => one !== timer);
      work();
    }, waitMs);
    this.#timers.push(timer);
  }
}
