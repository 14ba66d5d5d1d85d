/** The statement that a person's own key signs, and the public key that a browser compares with its own. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { COIN_OWNERS, type CoinOwner } from '../../domain/coins.js';
import { messageOf } from '../../domain/message-of.js';
import { SIZE_PCT_MAX, SIZE_PCT_MIN } from '../../domain/position-size.js';
import type { PasswordKey } from '../../domain/signed-vote.js';
import type { VotePasskey } from '../../domain/vote-passkey.js';
import type { ToDecide } from '../../operations/sign-as.js';
import type { StatementToSign } from '../../signing/vote-statement.js';
import type { WebDependencies } from '../dependencies.js';
import { sendProblem } from '../problem.js';
import { answer, problems } from '../schemas/answers.js';
import { callerOf } from './acting.js';
import { coerceIntegers } from './reading.js';

interface SigningQuery {
  readonly approval?: string;
  readonly sizePct?: number;
  readonly size?: number;
  readonly coins?: string;
  readonly owner?: CoinOwner;
  readonly cost?: string;
}

function decidedOf({ approval, sizePct, size, coins, owner, cost }: SigningQuery): ToDecide {
  if (approval !== undefined) return { approval };
  if (size !== undefined) return { size: { sizePct: size } };
  return coins === undefined || owner === undefined
    ? { resume: { sizePct } }
    : { coins: { symbol: coins, owner, cost: cost ?? null } };
}

const signingSchema = z.object({
  statement: z
    .object({
      kind: z.enum(['go-live', 'settings', 'size', 'resume', 'coins']),
      desk: z.string(),
      account: z.string(),
      configHash: z.string(),
      subject: z.string(),
      choice: z.enum(['approve', 'resume']),
      sizePct: z.number().nullable(),
      expiresWallMs: z.number(),
    })
    .nullable()
    .describe('Null: this decision takes no signature'),
  key: z
    .object({
      kind: z.literal('ed25519-scrypt'),
      keyId: z.string(),
      salt: z.string(),
      publicKey: z.string(),
      enrolledMs: z.number(),
    })
    .nullable()
    .describe('The caller’s own, made from a password; null: none is enrolled (fermata person key NAME)'),
  passkeys: z
    .array(
      z.object({
        keyId: z.string(),
        name: z.string(),
        credentialId: z.string(),
        rpId: z.string().describe('The name of the host that it works on'),
      }),
    )
    .describe('The caller’s own that sign votes (fermata person key NAME --passkey CODE)'),
}) satisfies z.ZodType<{
  statement: StatementToSign | null;
  key: PasswordKey | null;
  passkeys: readonly Pick<VotePasskey, 'keyId' | 'name' | 'credentialId' | 'rpId'>[];
}>;

export function signingRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary:
      'What the caller’s own key has to sign for an approval, for `coins` with `owner`, for another `size`, or (without these) for resuming',
    tags: ['people'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        approval: { type: 'string', minLength: 1, maxLength: 200 },
        sizePct: { type: 'integer', minimum: SIZE_PCT_MIN, maximum: SIZE_PCT_MAX },
        size: { type: 'integer', minimum: SIZE_PCT_MIN, maximum: SIZE_PCT_MAX },
        coins: { type: 'string', minLength: 3, maxLength: 40 },
        owner: { type: 'string', enum: COIN_OWNERS },
        cost: { type: 'string', pattern: '^\\d{1,20}(\\.\\d{1,12})?$' },
      },
      dependencies: { coins: ['owner'], owner: ['coins'], cost: ['coins'] },
    },
    response: {
      200: answer('The statement, and the caller’s keys', signingSchema),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: SigningQuery }>(
    '/api/signing',
    { schema, preValidation: coerceIntegers('sizePct', 'size') },
    async (request, reply) => {
      try {
        const statement = await web.operations.statementToSign(decidedOf(request.query));
        const keys = statement === null ? [] : web.personKeysOf(callerOf(request).person);
        return {
          statement,
          key: keys.find((key) => key.kind === 'ed25519-scrypt') ?? null,
          passkeys: keys.filter((key) => key.kind === 'passkey'),
        };
      } catch (error) {
        return sendProblem(reply, {
          status: 503,
          code: 'not-to-be-signed',
          detail: `What has to be signed is not known: ${messageOf(error)}`,
          keptSafe: 'Nothing was decided.',
          doThis: 'Try again once the trader and the database answer; a stop needs neither.',
        });
      }
    },
  );
}
