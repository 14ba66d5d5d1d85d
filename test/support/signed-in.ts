/** The operator, signed in with the password of a desk that runs: any request to its API. */
import { readFileSync } from 'node:fs';
import type { UpSummary } from '../../src/supervisor/up-options.js';

export type CallApi = <T>(
  method: string,
  path: string,
  body?: unknown,
) => Promise<{ status: number; body: T }>;

export async function signedIn({ dashboardUrl, passwordFile }: UpSummary): Promise<CallApi> {
  const call = (token: string | null): CallApi => {
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
    return async <T>(method: string, path: string, body?: unknown) => {
      const answer = await fetch(`${dashboardUrl}api/${path}`, {
        method,
        headers: { ...authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (await answer.json()) as T };
    };
  };
  const password = readFileSync(passwordFile ?? '', 'utf8').trim();
  const { body } = await call(null)<{ accessToken: string }>('POST', 'auth/login', {
    username: 'operator',
    password,
  });
  return call(body.accessToken);
}
