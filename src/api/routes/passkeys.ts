/** A person's passkeys: adding and removing them while signed in, and signing in with one. */
import { createHmac } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { wallMs } from '../../contracts/json-values.js';
import {
  challengeIn,
  checkAssertion,
  checkRegistration,
  counterWentOn,
  PASSKEY_ALGORITHMS,
  type RelyingParty,
} from '../../domain/passkey.js';
import { ANY_ROLE } from '../../domain/people-roles.js';
import { PASSKEYS_OF_A_PERSON_MAX, type Passkey } from '../../store/sign-in-means.js';
import {
  type ChallengeFor,
  type PasskeyChallenges,
  partyOf,
  refuseNumber,
} from '../auth/passkey-challenges.js';
import { type PasswordCheck, TryLimiter } from '../auth/password-check.js';
import { answerTokens, refuseForeignCookie } from '../auth/tokens.js';
import type { WebDependencies } from '../dependencies.js';
import { ADDRESS_PART_CHARS_MAX } from '../hooks/errors.js';
import { notDone, notFound, sendProblem, tooManyTries } from '../problem-details.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { callerOf, fromDatabase, sendDatabaseDown } from './route-parts.js';
import { tokensSchema } from './sign-in.js';

const bytes = (charsMax: number) =>
  z
    .string()
    .min(1)
    .max(charsMax)
    .regex(/^[\w-]+$/, 'expected base64url without padding');

const credentialId = bytes(ADDRESS_PART_CHARS_MAX);
const clientDataJSON = bytes(2048);
const authenticatorData = bytes(4096);

const challengeSchema = z.object({
  challenge: z.string().describe('base64url; works once, within two minutes'),
  rpId: z.string().describe('Host name by which the page was opened'),
});

const assertionSchema = z.strictObject({
  id: credentialId,
  clientDataJSON,
  authenticatorData,
  signature: bytes(1024),
  transport: z.enum(['json', 'cookie']).optional(),
});

const confirmSchema = z.strictObject({ password: z.string().min(1).max(1024) });

const registrationSchema = z.strictObject({
  name: z.string().trim().min(1).max(60).describe('The owner’s name for it, such as the device'),
  id: credentialId,
  clientDataJSON,
  authenticatorData,
  publicKey: bytes(1024).describe('DER of a SubjectPublicKeyInfo, base64url'),
  algorithm: z.union(PASSKEY_ALGORITHMS.map((value) => z.literal(value))).describe('COSE'),
});

const creationSchema = challengeSchema.extend({
  user: z.object({ id: z.string(), name: z.string() }),
  algorithms: z.array(z.number()).describe('COSE, preferred first'),
  registered: z.array(z.string()).describe('Credential ids that this person already has'),
});

const passkeySchema = z.object({
  id: z.string(),
  name: z.string(),
  rpId: z.string().describe('Host name for which it works'),
  createdMs: wallMs,
  usedMs: wallMs.nullable(),
  votes: z.boolean().describe('Signs votes about real money too (fermata person key NAME --passkey CODE)'),
});

const passkeysSchema = z.object({
  passkeys: z.array(passkeySchema),
  possible: z.boolean().describe('False if the page was opened by IP address: a passkey belongs to a name'),
});

type AssertionBody = z.infer<typeof assertionSchema>;
type ConfirmBody = z.infer<typeof confirmSchema>;
type RegistrationBody = z.infer<typeof registrationSchema>;

/** A person's own passkeys. Adding one needs the password again: an open page is not enough. */
export function passkeysRoutes(
  app: FastifyInstance,
  web: WebDependencies,
  challenges: PasskeyChallenges,
  passwords: PasswordCheck,
): void {
  const list = {
    summary: 'The caller’s own passkeys, oldest first',
    tags: ['sign-in'],
    response: { 200: answer('All of them', passkeysSchema), ...problems(401, 503) },
  };
  app.get('/api/passkeys', { schema: list }, (request, reply) =>
    fromDatabase(reply, 'The passkeys', async () => ({
      passkeys: await passkeysOf(request),
      possible: partyOf(request) !== null,
    })),
  );
  const ask = {
    summary: 'Challenge for a new passkey; needs the password again',
    tags: ['sign-in'],
    body: jsonSchema(confirmSchema),
    response: { 200: answer('The challenge', creationSchema), ...problems(400, 401, 403, 409, 429, 503) },
  };
  app.post<{ Body: ConfirmBody }>(
    '/api/passkeys/challenge',
    { schema: ask, config: { roles: ANY_ROLE } },
    async (request, reply) => {
      const { person } = callerOf(request);
      const party = partyOf(request);
      if (party === null) return refuseNumber(request, reply);
      const { password } = request.body;
      const wrong = await passwords.refuseWrong(request, reply, person, password, NOT_THE_PASSWORD);
      if (wrong !== null) return wrong;
      return fromDatabase(reply, 'The passkeys', async () => {
        const registered = (await web.passkeys.of(person)).map(({ id }) => id);
        if (registered.length >= PASSKEYS_OF_A_PERSON_MAX) return sendProblem(reply, TOO_MANY);
        return {
          challenge: challenges.make(registering(person, party.rpId)),
          rpId: party.rpId,
          user: { id: handleOf(web.secrets.tokenKey, person), name: person },
          algorithms: [...PASSKEY_ALGORITHMS],
          registered,
        };
      });
    },
  );
  const add = {
    summary: 'Register a passkey made for such a challenge',
    tags: ['sign-in'],
    body: jsonSchema(registrationSchema),
    response: { 200: answer('Registered', passkeySchema), ...problems(400, 401, 403, 409, 503) },
  };
  app.post<{ Body: RegistrationBody }>(
    '/api/passkeys',
    { schema: add, config: { roles: ANY_ROLE } },
    (request, reply) =>
      fromDatabase(reply, 'The passkeys', async () => {
        const { person } = callerOf(request);
        const party = partyOf(request);
        if (party === null) return refuseNumber(request, reply);
        const { id, name, algorithm, publicKey } = request.body;
        const challenge = challengeIn(request.body.clientDataJSON) ?? '';
        const stale = challenges.objection(challenge, registering(person, party.rpId));
        if (stale !== null) return sendProblem(reply, notRegistered(stale));
        const made = checkRegistration({ ...request.body, credentialId: id }, party, challenge);
        if (!made.ok) return sendProblem(reply, notRegistered(made.why));
        if (!challenges.take(challenge))
          return sendProblem(reply, notRegistered('the challenge was answered before'));
        const passkey = {
          ...{ id, person, name, algorithm, publicKey, rpId: party.rpId },
          ...{ counter: made.counter, createdMs: web.nowMs() },
        };
        if (!(await web.passkeys.add(passkey)))
          return sendProblem(reply, notRegistered('this passkey is registered already'));
        request.log.info({ person }, 'a passkey was registered');
        const { createdMs, rpId } = passkey;
        return { id, name, rpId, createdMs, usedMs: null, votes: false };
      }),
  );
  const remove = {
    summary: 'Remove one of the caller’s own passkeys; sign-ins made with it end',
    tags: ['sign-in'],
    params: {
      type: 'object',
      required: ['id'],
      properties: { id: { type: 'string', minLength: 1, maxLength: ADDRESS_PART_CHARS_MAX } },
    },
    response: { 204: { type: 'null', description: 'Removed' }, ...problems(401, 403, 404, 503) },
  };
  app.delete<{ Params: { readonly id: string } }>(
    '/api/passkeys/:id',
    { schema: remove, config: { roles: ANY_ROLE } },
    (request, reply) =>
      fromDatabase(reply, 'The passkey', async () => {
        const { person, via } = callerOf(request);
        const { id } = request.params;
        if (!(await web.passkeys.remove(id, person, { person, via: 'web' })))
          return sendProblem(reply, notFound('You have no such passkey.', 'GET /api/passkeys lists yours.'));
        web.sessions.endOfPasskey(id);
        request.log.info({ person, via }, 'a passkey was removed');
        return reply.code(204).send();
      }),
  );

  async function passkeysOf(request: FastifyRequest) {
    const { person } = callerOf(request);
    const own = await web.passkeys.of(person);
    const voting = new Set(votingIds(request, person));
    return own.map((passkey) => ({ ...passkey, votes: voting.has(passkey.id) }));
  }

  /** If the keys can't be read, no vote can be signed either; signing in goes on without them. */
  function votingIds(request: FastifyRequest, person: string): readonly string[] {
    try {
      const keys = web.personKeysOf(person);
      return keys.flatMap((key) => (key.kind === 'passkey' ? [key.credentialId] : []));
    } catch (error) {
      request.log.warn({ err: error }, 'the keys of people cannot be read');
      return [];
    }
  }
}

/**
 * Reveals nothing about the person, and differs between installations: an authenticator holds one passkey for
 * each.
 */
const handleOf = (key: string, person: string): string =>
  createHmac('sha256', Buffer.from(key, 'hex'))
    .update(`fermata passkey owner 1 ${person}`)
    .digest('base64url');

const registering = (person: string, rpId: string): ChallengeFor => ({ purpose: 'register', person, rpId });

const notRegistered = (why: string) =>
  notDone(`The passkey was not registered: ${why}.`, 'Begin again: add a passkey, and give the password.');

/** Not 401: the caller's sign-in is good, and a client that renews at a 401 would try the same password again. */
const NOT_THE_PASSWORD = {
  status: 403,
  code: 'wrong-password',
  title: 'Not done',
  detail: 'This is not your password.',
  keptSafe: 'Nothing was changed; the desk goes on as it was.',
  doThis: 'Begin again with your password. After ten wrong ones within 15 minutes it has to wait.',
} as const;

const TOO_MANY = notDone(
  `You have ${PASSKEYS_OF_A_PERSON_MAX} passkeys, and no more are kept.`,
  'Remove one that you no longer use.',
);

/** Signing in with a passkey: the device knows whose it is, so nobody has to type a name first. */
export function passkeySignInRoutes(
  app: FastifyInstance,
  web: WebDependencies,
  challenges: PasskeyChallenges,
): void {
  const limiter = new TryLimiter(web.nowMs);
  const ask = {
    summary: 'Challenge for signing in with a passkey',
    tags: ['sign-in'],
    security: [],
    response: { 200: answer('The challenge', challengeSchema), ...problems(403, 409) },
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
        return sendDatabaseDown(reply, 'The passkey', error);
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
