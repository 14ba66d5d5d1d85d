/** The web server as a person's page asks it: signed in, and signed in again where the session has ended. */
import type { Runtime } from '../../../src/home/runtime.js';

export interface Page {
  readonly person: string;
  get<T>(path: string): Promise<T>;
  /** Rejects where the answer is lost, or is no success. The same key again is the same request. */
  send<T>(method: 'POST' | 'PUT', path: string, body: object, key?: string): Promise<T>;
}

/** Longer than a resumption may wait for its proof. */
const ANSWER_MS = 60_000;

export interface SignIn {
  readonly username: string;
  readonly password: string;
}

export function openPage({ web }: Runtime, who: SignIn): Page {
  const origin = `http://127.0.0.1:${web.port}`;
  let token: string | null = null;

  const ask = async (method: string, path: string, body?: object, headers = {}): Promise<Response> =>
    fetch(`${origin}${path}`, {
      method,
      headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
      signal: AbortSignal.timeout(ANSWER_MS),
      ...(body && { body: JSON.stringify(body) }),
    });
  const signIn = async (): Promise<string> => {
    const answer = await ask('POST', '/api/auth/login', who);
    return ((await answer.json()) as { accessToken: string }).accessToken;
  };
  const askSignedIn = async (
    method: string,
    path: string,
    body?: object,
    headers = {},
  ): Promise<Response> => {
    token ??= await signIn();
    return ask(method, path, body, { authorization: `Bearer ${token}`, ...headers });
  };
  const call = async <T>(method: string, path: string, body?: object, headers = {}): Promise<T> => {
    let answer = await askSignedIn(method, path, body, headers);
    if (answer.status === 401) {
      token = null; // the session has ended in the hours that a whole matrix takes
      answer = await askSignedIn(method, path, body, headers);
    }
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    person: who.username,
    get: (path) => call('GET', path),
    send: (method, path, body, key) =>
      call(method, path, body, key === undefined ? {} : { 'idempotency-key': key }),
  };
}
