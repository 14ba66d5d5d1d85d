/**
 * Signed in or not. The access token exists only in this object; the refresh token is a cookie that no script can
 * read. Tabs share that cookie, and each refresh token works once, so only one tab renews at a time.
 */
import createClient from 'openapi-fetch';
import type { paths } from '../api/openapi.js';
import type { PersonRole, Tokens } from '../api/shapes.js';
import { usePasskey } from './passkeys.js';
import { answerOf, NO_ANSWER, Problem, problemOf } from './problem.js';

/** A client that knows every request and answer of the API. */
export type Client = ReturnType<typeof createClient<paths>>;

export type SessionState = 'starting' | 'signed-in' | 'signed-out' | 'unreachable';

/** For who had this page open: nothing else says why it is gone. */
const ENDED = new Problem(
  401,
  'Signed out',
  'Your sign-in has ended.',
  'The desk goes on as it was.',
  'Sign in again, with the new password if it was replaced. A new password, a sign-out in another tab, and your removal from the desk end it; so does time.',
);

/** What a person saw and pressed is not what the next one decided. */
const SOMEBODY_ELSE = new Problem(
  401,
  'Not sent',
  'Somebody else has signed in at this browser meanwhile, so what you pressed was not sent.',
  'The desk goes on as it was.',
  'Sign in as yourself and press again.',
);

/** Sent whoever is signed in by now: a desk that should be stopped waits for nobody. */
const ALWAYS_SENT: readonly string[] = ['/api/emergency/stop', '/api/emergency/close-all'];

const RENEW_BEFORE_MS = 60_000;
const ANSWER_WAIT_MS = 60_000;
/** If the server waits longer for a proof before it answers, the page waits longer still. */
const LONGER_WAITS_MS: Readonly<Record<string, number>> = {
  // The desk file's `closeAll.deadlineSeconds` is 600 at most.
  '/api/emergency/close-all': 11 * 60_000,
  '/api/emergency/resume': 2 * 60_000,
};

export class Session {
  #access: string | null = null;
  #expiresMs = 0;
  #renewing: Promise<boolean> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Until this page is loaded again for who is signed in now. */
  #isSomebodyElses = false;
  state: SessionState = 'starting';
  /** Who is signed in; the server decides at every request what that person may do. */
  person = '';
  roles: readonly PersonRole[] = [];
  /** Why who is signed in elsewhere is not let in here, or who was signed in here no longer is. */
  refusal: Problem | null = null;
  get mayStop(): boolean {
    return this.roles.includes('operator') || this.roles.includes('approver');
  }

  /** Sends requests as the signed-in person. */
  readonly client: Client = createClient<paths>({ fetch: (request) => this.#send(request) });

  constructor(private readonly onChange: (state: SessionState) => void) {}

  /** Continues the sign-in that the cookie belongs to. */
  async restore(): Promise<void> {
    try {
      await this.#renew();
    } catch {
      this.#become('unreachable');
    }
  }

  /** Throws a Problem. */
  async signInWithPassword(username: string, password: string): Promise<void> {
    const body = { username, password, transport: 'cookie' } as const;
    this.#keep(await answerOf(unsigned.POST('/api/auth/login', { body })));
  }

  /** Throws a Problem. */
  async signInWithLink(token: string): Promise<void> {
    const body = { token, transport: 'cookie' } as const;
    this.#keep(await answerOf(unsigned.POST('/api/auth/link', { body })));
  }

  /** Throws a Problem. */
  async signInWithPasskey(): Promise<void> {
    const used = await usePasskey(await answerOf(unsigned.POST('/api/auth/passkey/challenge')));
    const body = { ...used, transport: 'cookie' } as const;
    this.#keep(await answerOf(unsigned.POST('/api/auth/passkey', { body })));
  }

  async signOut(): Promise<void> {
    await answerOf(this.client.POST('/api/auth/logout')).catch(() => undefined);
    this.refusal = null;
    this.#forget();
  }

  /** A valid access token, or null if the sign-in has ended. Throws a Problem if the server is away. */
  async accessToken(): Promise<string | null> {
    if (this.#access === null || Date.now() > this.#expiresMs - RENEW_BEFORE_MS / 2) {
      if (!(await this.#renew())) return null;
    }
    return this.#access;
  }

  /** Retries once with a new token if the server no longer accepts the old one. */
  async #send(request: Request): Promise<Response> {
    // Read as text, since the body of a Request can be sent only once.
    const body = await request.text();
    const response = await this.#sendOnce(request, body);
    return response.status === 401 && (await this.#renew()) ? this.#sendOnce(request, body) : response;
  }

  async #sendOnce({ url, method, headers }: Request, body: string): Promise<Response> {
    const token = await this.accessToken();
    const isAlwaysSent = ALWAYS_SENT.includes(new URL(url).pathname);
    if (this.#isSomebodyElses && !isAlwaysSent) throw SOMEBODY_ELSE;
    if (token !== null) headers.set('authorization', `Bearer ${token}`);
    // Also where this page is loaded again or closed before it is on its way.
    return send(url, { method, headers, keepalive: isAlwaysSent, ...(body === '' ? {} : { body }) });
  }

  /** False: the sign-in has ended. Throws a Problem if the server is away. */
  #renew(): Promise<boolean> {
    this.#renewing ??= inTurn(async () => {
      const { data, error, response } = await unsigned.POST('/api/auth/refresh', { body: {} });
      if (data !== undefined) {
        this.#keep(data);
        return true;
      }
      if (response.status !== 401 && response.status !== 403) throw problemOf(response, error);
      const problem = problemOf(response, error);
      // Another desk's sign-in, which has the same cookie.
      const isElsewhere = problem.type.endsWith(':no-role');
      this.refusal = isElsewhere ? problem : this.state === 'signed-in' ? ENDED : null;
      this.#forget();
      return false;
    }).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  #keep({ accessToken, expiresIn, person, roles }: Tokens): void {
    // Somebody else has signed in in another tab or at another desk's page, which have the same cookie: this one shows
    // what that person may.
    if (this.person !== '' && this.person !== person) {
      this.#isSomebodyElses = true;
      location.reload();
    }
    this.refusal = null;
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

/** Sends requests that sign in or renew, without an access token. */
const unsigned: Client = createClient<paths>({ fetch: (request) => send(request) });

async function send(request: Request | string, init: RequestInit = {}): Promise<Response> {
  const url = typeof request === 'string' ? request : request.url;
  try {
    return await fetchUnlessSilent(request, init, answerWaitMs(url));
  } catch {
    throw NO_ANSWER;
  }
}

const WITHOUT_CONTENT: ReadonlySet<number> = new Set([204, 205, 304]);

/** Gives up only once the server says nothing for so long: a whole export takes longer than any wait for it may. */
export async function fetchUnlessSilent(
  request: Request | string,
  init: RequestInit,
  waitMs: number,
): Promise<Response> {
  const silence = new AbortController();
  const giveUp = (): void => silence.abort();
  let timer = setTimeout(giveUp, waitMs);
  const end = (): void => clearTimeout(timer);
  const heard = (): void => {
    end();
    timer = setTimeout(giveUp, waitMs);
  };
  const response = await fetch(request, { ...init, signal: silence.signal }).finally(end);
  // A new Response of a status without content takes no body, and some browsers give an empty one.
  if (response.body === null || WITHOUT_CONTENT.has(response.status)) return response;
  heard();
  const pieces = new TransformStream<Uint8Array, Uint8Array>({
    transform: (piece, out) => {
      heard();
      out.enqueue(piece);
    },
    flush: end,
  });
  return new Response(response.body.pipeThrough(pieces), response);
}

/** `url`: with the host. */
export function answerWaitMs(url: string): number {
  return LONGER_WAITS_MS[new URL(url).pathname] ?? ANSWER_WAIT_MS;
}
