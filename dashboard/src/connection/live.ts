/** The live connection: signs in with its first message, reconnects by itself, and reports openly when it is lost. */

import type { LiveMessage, LiveState } from '../api/shapes.js';
import type { Session } from './session.js';

export type Connection =
  | { readonly kind: 'connecting' }
  /** `behindSeconds`: how old what is shown may be; 0 while everything arrives at once. */
  | { readonly kind: 'live'; readonly behindSeconds: number }
  | { readonly kind: 'lost'; readonly retryAtMs: number };

/** The server sends something at least every 5 s. */
const SILENCE_MAX_MS = 12_000;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 8_000;
const SIGN_IN_AGAIN = 4401;

/** What arrives a little late is not worth a word; what should have come every 5 s is. */
const LATE_MS = 2_000;
const UNHEARD_MS = 7_000;
/** An older mode is not shown as the desk's: a Stop may have come since. */
const CURRENT_SECONDS_MAX = 10;
/** So late comes only what a server with a changed clock sends: a new connection compares the clocks anew. */
const CLOCK_CHANGED_MS = 60_000;

export const isCurrent = (connection: Connection): boolean =>
  connection.kind === 'live' && connection.behindSeconds <= CURRENT_SECONDS_MAX;

export interface LiveListener {
  onConnection(connection: Connection): void;
  onState(state: LiveState): void;
}

export class Live {
  #socket: WebSocket | null = null;
  #retryMs = RETRY_FIRST_MS;
  #timers: ReturnType<typeof setTimeout>[] = [];
  #silence: ReturnType<typeof setTimeout> | undefined;
  #clock: ReturnType<typeof setInterval> | undefined;
  /** The least time by which this page's clock has been ahead of the server's: what came without delay. */
  #aheadMs = Number.POSITIVE_INFINITY;
  /** By the server's clock. */
  #newestSentMs = 0;
  #lateMs = 0;
  #behindSeconds = 0;
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
    clearInterval(this.#clock);
    this.#socket?.close();
  }

  #receive(socket: WebSocket, message: LiveMessage): void {
    this.#watchSilence(socket);
    const isFirst = message.type === 'welcome' && this.#aheadMs === Number.POSITIVE_INFINITY;
    // Not the time of day: somebody may set the clock.
    const aheadMs = performance.now() - message.atWallMs;
    this.#aheadMs = Math.min(this.#aheadMs, aheadMs);
    this.#newestSentMs = message.atWallMs;
    this.#lateMs = aheadMs - this.#aheadMs;
    if (this.#lateMs > CLOCK_CHANGED_MS) {
      socket.close();
      this.#lose(0);
      return;
    }
    if (message.type === 'welcome') {
      this.#retryMs = RETRY_FIRST_MS;
      this.#renewIn(socket, message.expiresMs - message.atWallMs);
    }
    if (isFirst) {
      clearInterval(this.#clock);
      this.#clock = setInterval(() => this.#tellBehind(socket), 1_000);
    }
    this.#tellBehind(socket, isFirst);
    if (message.type === 'state') this.listener.onState(message);
  }

  #tellBehind(socket: WebSocket, anew = false): void {
    if (this.#socket !== socket) return;
    const ageMs = performance.now() - this.#aheadMs - this.#newestSentMs;
    const isPrompt = this.#lateMs < LATE_MS && ageMs < UNHEARD_MS;
    const behindSeconds = isPrompt ? 0 : Math.round(ageMs / 1000);
    if (behindSeconds === this.#behindSeconds && !anew) return;
    this.#behindSeconds = behindSeconds;
    this.listener.onConnection({ kind: 'live', behindSeconds });
  }

  /** Sends a new token on the same connection before the old one expires. The browser's clock may be wrong. */
  #renewIn(socket: WebSocket, expiresInMs: number): void {
    const renew = async (): Promise<void> => {
      const token = await this.session.accessToken().catch(() => null);
      if (token !== null && socket.readyState === WebSocket.OPEN) {
        socket.send(JSON.stringify({ type: 'auth', token }));
      }
    };
    this.#later(() => void renew(), Math.max(1_000, expiresInMs - 25_000));
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
    this.#aheadMs = Number.POSITIVE_INFINITY;
    clearTimeout(this.#silence);
    clearInterval(this.#clock);
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
