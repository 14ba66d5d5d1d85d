import type { FastifyInstance } from 'fastify';
import { challengeIn, checkAssertion, counterWentOn, type RelyingParty } from '../../domain/passkey.js';
import type { Passkey } from '../../store/passkeys.js';
import {
  type ChallengeFor,
  type PasskeyChallenges,
  partyOf,
  refuseNumber,
} from '../auth/passkey-challenges.js';
import { TryLimiter } from '../auth/password-check.js';
import { answerTokens, refuseForeignCookie } from '../auth/refresh-cookie.js';
import type { WebDependencies } from '../dependencies.js';
import { databaseDown, sendProblem, tooManyTries } from '../problem.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { tokensSchema } from '../schemas/auth.js';
import { type AssertionBody, assertionSchema, challengeSchema } from '../schemas/passkeys.js';

/** Signing in with a passkey: the device knows whose it is, so nobody has to type a name first. */
export function passkeySignInRoutes(
  app: FastifyInstance,
  web: WebDependencies,
  challenges: PasskeyChallenges,
): void {
  const limiter = new TryLimiter(web.nowMs);
  const ask = {
    summary: 'What a passkey has to sign to sign in',
    tags: ['sign-in'],
    security: [],
    response: { 200: answer('Asked', challengeSchema), ...problems(403, 409) },
  };
  app.post('/api/auth/passkey/challenge', { schema: ask, config: { access: 'public' } }, (request, reply) => {
    const party = partyOf(request);
    if (party === null) return refuseNumber(request, reply);
    return reply.send({ challenge: challenges.make(signInAt(party)), rpId: party.rpId });
  });
  const signIn = {
    summary: 'Sign in with a passkey',
    tags: ['sign-in'],
    security: [],
    body: jsonSchema(assertionSchema),
    response: { 200: answer('Signed in', tokensSchema), ...problems(400, 401, 403, 409, 429, 503) },
  };
  app.post<{ Body: AssertionBody }>(
    '/api/auth/passkey',
    { schema: signIn, config: { access: 'public' } },
    async (request, reply) => {
      const { id, transport = 'json', ...assertion } = request.body;
      const party = partyOf(request);
      if (party === null) return refuseNumber(request, reply);
      if (transport === 'cookie') {
        const refusal = refuseForeignCookie(request, reply);
        if (refusal !== null) return refusal;
      }
      try {
        const passkey = await web.passkeys.find(id);
        // Only tries with existing passkeys are counted: invented ids must not fill the memory.
        const waitSeconds = passkey === null ? null : limiter.take(request, id);
        if (waitSeconds !== null)
          return sendProblem(reply.header('retry-after', waitSeconds), tooManyTries(waitSeconds));
        const objection = await objectionTo(passkey, assertion, party);
        if (passkey === null || objection !== null) {
          request.log.warn({ address: request.ip, why: objection }, 'sign-in by passkey refused');
          return sendProblem(reply, REFUSED);
        }
        limiter.giveBack(request, id);
        const { person } = passkey;
        request.log.info({ person }, 'signed in by passkey');
        const begun = web.sessions.begin(person, id);
        return answerTokens(request, reply, { person, ...begun }, transport, web.rolesOf);
      } catch (error) {
        request.log.warn({ err: error }, 'a passkey could not be read');
        return sendProblem(reply, databaseDown('The passkey'));
      }
    },
  );

  /** Null if this passkey may sign in its owner now. Rejects while the database is down. */
  async function objectionTo(
    passkey: Passkey | null,
    assertion: Omit<AssertionBody, 'id' | 'transport'>,
    party: RelyingParty,
  ): Promise<string | null> {
    if (passkey === null) return 'there is no such passkey';
    if (passkey.rpId !== party.rpId) return 'it was registered at another name';
    if (web.rolesOf(passkey.person).length === 0) return 'its owner has no role on this desk';
    const challenge = challengeIn(assertion.clientDataJSON) ?? '';
    const stale = challenges.objection(challenge, signInAt(party));
    if (stale !== null) return stale;
    const checked = checkAssertion(assertion, passkey, party, challenge);
    if (!checked.ok) return checked.why;
    if (!challenges.take(challenge)) return 'the challenge was answered before';
    if (!counterWentOn(passkey.counter, checked.counter)) return COUNTED_BACK;
    return (await web.passkeys.used(passkey.id, checked.counter, web.nowMs())) ? null : OVERTAKEN;
  }
}

const signInAt = ({ rpId }: RelyingParty): ChallengeFor => ({ purpose: 'sign-in', person: null, rpId });

const COUNTED_BACK = 'its counter did not go on: somebody may have a copy of it';
const OVERTAKEN = 'it was used again or removed in the same moment';

const REFUSED = {
  status: 401,
  code: 'passkey-refused',
  title: 'Not signed in',
  detail:
    'This passkey was not accepted: it was removed, belongs to another address, or the answer came late.',
  keptSafe: 'Nothing was changed; the desk goes on as it was.',
  doThis: 'Try once more, or sign in with the password. `fermata link` signs in without either.',
} as const;
