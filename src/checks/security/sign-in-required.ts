import { NO_PARAMETERS } from '../../desk/step-parts.js';
import { messageOf } from '../../domain/message-of.js';
import { BUILT_IN_OPERATOR } from '../../domain/people-roles.js';
import { localDashboard } from '../../home/started-desks.js';
import { signInMaker } from '../../store/access-rows.js';
import { createSignInToken } from '../../store/sign-in-means.js';
import { check } from '../check.js';

const ASK_MS = 5_000;
const LINK_MINUTES = 1;
const READ = 'api/status';
const PRESS = 'api/emergency/resume';
const REFUSED = 401;

/**
 * Checks that the web server refuses anybody who isn't signed in, for reading and for commands, accepts a one-time link
 * of ours, and refuses again after signing out.
 */
export const signInRequired = check(
  'The page asks everybody to sign in',
  NO_PARAMETERS,
  async ({ runtime, pool }) => {
    const expected =
      'refused without a sign-in and with a made-up one, answered with a real one, refused after signing out';
    const ask = async (path: string, init: RequestInit, token?: string): Promise<Response> => {
      const headers = {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      };
      const url = new URL(path, localDashboard(runtime.web));
      return fetch(url, { ...init, headers, redirect: 'manual', signal: AbortSignal.timeout(ASK_MS) });
    };
    const wrong: string[] = [];
    const refused = async (what: string, asked: Promise<Response>): Promise<void> => {
      const { status } = await asked;
      if (status !== REFUSED) wrong.push(`${what} was answered with ${status}`);
    };
    try {
      await refused('a request without a sign-in', ask(READ, {}));
      await refused('a request with a made-up token', ask(READ, {}, 'e30.e30.made-up'));
      await refused('a button without a sign-in', ask(PRESS, { method: 'POST', body: '{}' }));
      const token = await createSignInToken(pool, signInMaker(runtime.home), BUILT_IN_OPERATOR, LINK_MINUTES);
      const link = { method: 'POST', body: JSON.stringify({ token }) };
      const signedIn = await ask('api/auth/link', link);
      if (signedIn.status !== 200) wrong.push(`a link of this desk was answered with ${signedIn.status}`);
      else {
        const { accessToken } = (await signedIn.json()) as { readonly accessToken: string };
        // The trader may be away, but a signed-in person must not be refused for that.
        const { status } = await ask(READ, {}, accessToken);
        if (status === REFUSED) wrong.push('a signed-in person was refused');
        await ask('api/auth/logout', { method: 'POST', body: '{}' }, accessToken);
        await refused('a sign-in that was ended', ask(READ, {}, accessToken));
        await refused('a link for the second time', ask('api/auth/link', link));
      }
    } catch (error) {
      const said = [...wrong, `not everything could be asked: ${messageOf(error)}`].join('; ');
      return { verdict: wrong.length > 0 ? 'fail' : 'not_run', observed: said, expected };
    }
    if (wrong.length > 0) return { verdict: 'fail', observed: wrong.join('; '), expected };
    return { verdict: 'pass', observed: 'each of them', expected };
  },
);
