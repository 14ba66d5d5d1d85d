/**
 * Signed in or not. The access token lives in this object only; the refresh token is a cookie that no script sees. Tabs
 * share that cookie and each token of it works once, so that renewing is one tab at a time.
 */
import type { PersonRole } from '../../../src/domain/roles.js';
import { NO_ANSWER, Problem, problemOf } from './problem.js';

interface Tokens {
  readonly accessToken: string;
  readonly expiresIn: number;
  readonly person: string;
  readonly roles: readonly PersonRole[];
}

export type SessionState = 'starting' | 'signed-in' | 'signed-out' | 'unreachable';

const RENEW_BEFORE_MS = 60_000;
const ANSWER_WAIT_MS = 60_000;

export class Session {
  #access: string | null = null;
  #expiresMs = 0;
  #renewing: Promise<boolean> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  state: SessionState = 'starting';
  /** Who is signed in; the server decides at every request what that allows. */
  person = '';
  roles: readonly PersonRole[] = [];

  constructor(private readonly onChange: (state: SessionState) => void) {}

  /** Goes on with the sign-in that the cookie stands for. */
  async restore(): Promise<void> {
    try {
      await this.#renew();
    } catch {
      this.#become('unreachable');
    }
  }

  /** Throws a Problem. */
  signInWithPassword(username: string, password: string): Promise<void> {
    return this.#signIn('/api/auth/login', { username, password, transport: 'cookie' });
  }

  /** Throws a Problem. */
  signInWithLink(token: string): Promise<void> {
    return this.#signIn('/api/auth/link', { token, transport: 'cookie' });
  }

  async signOut(): Promise<void> {
    await this.request('POST', '/api/auth/logout').catch(() => undefined);
    this.#forget();
  }

  /** A valid access token, or null where the sign-in has ended. Throws a Problem when the server is away. */
  async accessToken(): Promise<string | null> {
    if (this.#access === null || Date.now() > this.#expiresMs - RENEW_BEFORE_MS / 2) {
      if (!(await this.#renew())) return null;
    }
    return this.#access;
  }

  /** Throws a Problem. */
  async request<T>(method: 'GET' | 'POST' | 'PUT', path: string, body?: object, key?: string): Promise<T> {
    let response = await this.#send(method, path, body, key);
    if (response.status === 401 && (await this.#renew()))
      response = await this.#send(method, path, body, key);
    if (!response.ok) throw await problemOf(response);
    return (response.status === 204 ? null : await response.json()) as T;
  }

  async #send(method: string, path: string, body?: object, key?: string): Promise<Response> {
    const token = await this.accessToken();
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (key !== undefined) headers['idempotency-key'] = key;
    return post(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  }

  async #signIn(path: string, body: object): Promise<void> {
    const response = await postJson(path, body);
    if (!response.ok) throw await problemOf(response);
    this.#keep((await response.json()) as Tokens);
  }

  /** False: there is no sign-in any more. Throws a Problem when the server is away. */
  #renew(): Promise<boolean> {
    this.#renewing ??= inTurn(async () => {
      const response = await postJson('/api/auth/refresh', {});
      if (response.ok) {
        this.#keep((await response.json()) as Tokens);
        return true;
      }
      if (response.status !== 401 && response.status !== 403) throw await problemOf(response);
      this.#forget();
      return false;
    }).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  #keep({ accessToken, expiresIn, person, roles }: Tokens): void {
    this.#access = accessToken;
    this.person = person;
    this.roles = roles;
    this.#expiresMs = Date.now() + expiresIn * 1000;
    clearTimeout(this.#timer);
    const renewInMs = Math.max(5_000, expiresIn * 1000 - RENEW_BEFORE_MS);
    this.#timer = setTimeout(() => void this.#renew().catch(() => undefined), renewInMs);
    this.#become('signed-in');
  }

  #forget(): void {
    this.#access = null;
    clearTimeout(this.#timer);
    this.#become('signed-out');
  }

  #become(state: SessionState): void {
    this.state = state;
    this.onChange(state);
  }
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  return 'locks' in navigator ? navigator.locks.request('fermata-refresh', work) : work();
}

function postJson(path: string, body: object): Promise<Response> {
  return post(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function post(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, {
      ...init,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(ANSWER_WAIT_MS),
    });
  } catch (error) {
    throw error instanceof Problem ? error : NO_ANSWER;
  }
}
