/** Questions to people: listing them, voting, and the statement that a vote about real money signs. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { approvalSchema } from '../../contracts/published.js';
import { price } from '../../desk/schema-values.js';
import { COIN_OWNERS, type CoinOwner } from '../../domain/cash-and-coins.js';
import { messageOf } from '../../domain/message-of.js';
import { ANY_ROLE } from '../../domain/people-roles.js';
import { SIZE_PCT_MAX, SIZE_PCT_MIN } from '../../domain/settings-change.js';
import type { PasswordKey } from '../../domain/signed-vote.js';
import type { VotePasskey } from '../../domain/vote-passkey.js';
import type { StatementToSign } from '../../domain/vote-statement.js';
import { voteResultSchema } from '../../operations/approvals.js';
import type { ToDecide } from '../../operations/sign-as.js';
import type { WebDependencies } from '../dependencies.js';
import { refusal, sendProblem } from '../problem-details.js';
import { answer, jsonSchema, problems, reason, signature } from '../schemas/answers.js';
import { callerOf, fromDatabase, queryOf } from './route-parts.js';

const voteSchema = z.strictObject({
  choice: z.enum(['approve', 'reject']),
  parametersHash: z.string().min(8).max(64).describe('Of the approval as seen: its first 8 digits or more'),
  reason: reason.min(1),
  signature,
});

export function approvalsRoutes(app: FastifyInstance, web: WebDependencies): void {
  const list = {
    summary: 'Approvals: open ones first, then the newest',
    tags: ['people'],
    querystring: queryOf({ limit: { type: 'integer', minimum: 1, maximum: 1000, default: 50 } }),
    response: {
      200: answer('At most `limit`', z.object({ approvals: z.array(approvalSchema) })),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: { readonly limit: number } }>('/api/approvals', { schema: list }, (request, reply) =>
    fromDatabase(reply, 'What waits for approval', async () => ({
      approvals: await web.operations.listApprovals(request.query),
    })),
  );
  const vote = {
    summary: 'Approve or reject; a person votes once',
    tags: ['people'],
    params: {
      type: 'object',
      required: ['id'],
      properties: { id: { type: 'string', minLength: 1, maxLength: 200 } },
    },
    body: jsonSchema(voteSchema),
    response: { 200: answer('The vote counts', voteResultSchema), ...problems(400, 401, 403, 404, 409) },
  };
  // Each approval itself says which role it needs.
  app.post<{ Params: { readonly id: string }; Body: z.infer<typeof voteSchema> }>(
    '/api/approvals/:id/vote',
    { schema: vote, config: { roles: ANY_ROLE } },
    async (request, reply) => {
      const result = await web.operations.castVote(callerOf(request), {
        approval: request.params.id,
        ...request.body,
      });
      if (result.ok) return result;
      return sendProblem(reply, refusal(result, 'GET /api/approvals shows it as it is now.'));
    },
  );
}

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
    .describe('Null: this decision needs no signature'),
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
        rpId: z.string().describe('Host name for which it works'),
      }),
    )
    .describe('Those of the caller that sign votes (fermata person key NAME --passkey CODE)'),
}) satisfies z.ZodType<{
  statement: StatementToSign | null;
  key: PasswordKey | null;
  passkeys: readonly Pick<VotePasskey, 'keyId' | 'name' | 'credentialId' | 'rpId'>[];
}>;

/** The statement that a person's own key signs, and the public key that a browser compares with its own. */
export function signingRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary:
      'What the caller’s own key must sign for an approval, for `coins` with `owner`, for another `size`, or (without these) for resuming',
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
        cost: jsonSchema(price),
      },
      dependencies: { coins: ['owner'], owner: ['coins'], cost: ['coins'] },
    },
    response: {
      200: answer('The statement, and the caller’s keys', signingSchema),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: SigningQuery }>('/api/signing', { schema }, async (request, reply) => {
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
  });
}
