import { createHmac } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { challengeIn, checkRegistration, PASSKEY_ALGORITHMS } from '../../domain/passkey.js';
import { ANY_ROLE } from '../../domain/roles.js';
import { PASSKEYS_OF_A_PERSON_MAX } from '../../store/passkeys.js';
import {
  type ChallengeFor,
  type PasskeyChallenges,
  partyOf,
  refuseNumber,
} from '../auth/passkey-challenges.js';
import type { PasswordCheck } from '../auth/password-check.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, notFound, sendProblem } from '../problem.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import {
  type ConfirmBody,
  confirmSchema,
  creationSchema,
  passkeySchema,
  passkeysSchema,
  type RegistrationBody,
  registrationSchema,
} from '../schemas/passkeys.js';
import { callerOf } from './acting.js';
import { fromDatabase } from './reading.js';

/** A person's own passkeys. Adding one takes the password again: an open page is not enough. */
export function passkeysRoutes(
  app: FastifyInstance,
  web: WebDependencies,
  challenges: PasskeyChallenges,
  passwords: PasswordCheck,
): void {
  const list = {
    summary: 'The caller’s own passkeys, the oldest first',
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
    summary: 'What a new passkey is made for; takes the password again',
    tags: ['sign-in'],
    body: jsonSchema(confirmSchema),
    response: { 200: answer('Asked', creationSchema), ...problems(400, 401, 403, 409, 429, 503) },
  };
  app.post<{ Body: ConfirmBody }>(
    '/api/passkeys/challenge',
    { schema: ask, config: { roles: ANY_ROLE } },
    async (request, reply) => {
      const { person } = callerOf(request);
      const party = partyOf(request);
      if (party === null) return refuseNumber(request, reply);
      const wrong = await passwords.refuseWrong(request, reply, person, request.body.password);
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
    summary: 'Register a passkey that was made for such a challenge',
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
    summary: 'Remove one of the caller’s own passkeys; what was signed in with it ends',
    tags: ['sign-in'],
    params: {
      type: 'object',
      required: ['id'],
      properties: { id: { type: 'string', minLength: 1, maxLength: 1400 } },
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
 * Reveals nothing about the person, and differs between installations: an authenticator keeps one passkey for each.
 */
const handleOf = (key: string, person: string): string =>
  createHmac('sha256', Buffer.from(key, 'hex'))
    .update(`fermata passkey owner 1 ${person}`)
    .digest('base64url');

const registering = (person: string, rpId: string): ChallengeFor => ({ purpose: 'register', person, rpId });

const notRegistered = (why: string) =>
  notDone(`The passkey was not registered: ${why}.`, 'Begin again: add a passkey, and give the password.');

const TOO_MANY = notDone(
  `You have ${PASSKEYS_OF_A_PERSON_MAX} passkeys, and no more are kept.`,
  'Remove one that you no longer use.',
);
