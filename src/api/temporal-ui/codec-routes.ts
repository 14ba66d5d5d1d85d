/**
 * Decrypts sealed payloads for Temporal's UI, for people who are signed in there. It seals nothing: what a person
 * enters in that UI stays plain text and is treated as such.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CODEC_PATH } from '../../home/payload-keys.js';
import { isSealed, type PayloadCodec, PayloadKeyMissing } from '../../temporal/payload-codec.js';
import { isOwnOrigin } from '../hooks/host-guard.js';
import { PAGES, sendPage } from './entrance.js';

const BODY_BYTES_MAX = 8 * 1024 * 1024;

const bodySchema = z.object({
  payloads: z
    .array(z.object({ metadata: z.record(z.string(), z.string()).default({}), data: z.string().default('') }))
    .max(10_000),
});
type Body = z.infer<typeof bodySchema>;
type WirePayload = Body['payloads'][number];

export function codecRoutes(app: FastifyInstance, codec: PayloadCodec, access: CodecAccess): void {
  // A request without access is refused before its body is read.
  app.addHook('onRequest', async (request, reply) => {
    const refusal = refuseCodec(access, request, reply);
    if (refusal === 'answered') return reply;
    if (refusal !== null) return sendPage(reply, PAGES[refusal]);
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX },
    (_request: unknown, body: Buffer, done: (error: null, body: Buffer) => void) => done(null, body),
  );
  for (const name of ['decode', 'encode'] as const) {
    app.all(`${CODEC_PATH}/${name}`, { bodyLimit: BODY_BYTES_MAX }, async (request, reply) => {
      if (request.method !== 'POST') return answer(reply, 405, { message: 'expected POST' });
      const body = readBody(request.body);
      if (body === null) {
        return answer(reply, 400, { message: `expected {payloads}, at most ${BODY_BYTES_MAX} bytes` });
      }
      return name === 'encode' ? answer(reply, 200, body) : answerOpened(reply, codec, body);
    });
  }
}

async function answerOpened(reply: FastifyReply, codec: PayloadCodec, body: Body): Promise<FastifyReply> {
  try {
    const payloads = await Promise.all(body.payloads.map((payload) => opened(codec, payload)));
    return answer(reply, 200, { payloads });
  } catch (error) {
    if (!(error instanceof PayloadKeyMissing)) throw error;
    return answer(reply, 422, { message: error.message });
  }
}

/** Plain text is passed on as it is. */
async function opened(codec: PayloadCodec, wire: WirePayload): Promise<WirePayload> {
  const metadata = Object.entries(wire.metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')]);
  const payload = { metadata: Object.fromEntries(metadata), data: Buffer.from(wire.data, 'base64') };
  if (!isSealed(payload)) return wire;
  const [plain] = await codec.decode([payload]);
  return {
    metadata: Object.fromEntries(
      Object.entries(plain?.metadata ?? {}).map(([name, value]) => [name, base64(value)]),
    ),
    data: base64(plain?.data ?? new Uint8Array()),
  };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Null if the body does not have the expected shape. */
function readBody(body: unknown): Body | null {
  try {
    return bodySchema.parse(JSON.parse(String(body)));
  } catch {
    return null;
  }
}

function answer(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply
    .code(status)
    .headers({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .send(JSON.stringify(body));
}

interface CodecAccess {
  /** Origins of Temporal UIs run by somebody else. */
  readonly origins: readonly string[];
  readonly hasSession: (request: FastifyRequest) => boolean;
  readonly isToken: (token: string) => boolean;
}

/** Headers that Temporal's UI and its command line send with the payloads. */
const HEADERS_ASKED = 'authorization, content-type, x-namespace';
const PREFLIGHT_SECONDS = '600';

/**
 * Who may have payloads decrypted: a page of ours, or of an origin that the operator names, with this port's session;
 * and a program with one of our access tokens, as Temporal's command line sends it (`--codec-auth`). Null if the
 * request may be answered; then the headers that its page needs are set. A browser's preflight request (OPTIONS) is
 * answered here.
 */
function refuseCodec(
  { origins, hasSession, isToken }: CodecAccess,
  request: FastifyRequest,
  reply: FastifyReply,
): 'foreign' | 'signIn' | 'answered' | null {
  const { origin, host = '', authorization = '' } = request.headers;
  if (origin !== undefined && !isOwnOrigin(origin.toLowerCase(), host.toLowerCase())) {
    if (!origins.includes(origin)) return 'foreign';
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      vary: 'origin',
    });
  }
  if (request.method === 'OPTIONS') {
    reply
      .code(204)
      .headers({
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': HEADERS_ASKED,
        'access-control-max-age': PREFLIGHT_SECONDS,
      })
      .send();
    return 'answered';
  }
  const token = /^Bearer (\S+)$/i.exec(authorization)?.[1];
  if (token !== undefined && isToken(token)) return null;
  // A cookie counts only if the browser says which page it comes from.
  return origin !== undefined && hasSession(request) ? null : 'signIn';
}

/** The origins that the operator names. Throws if one of them is not an origin. */
export function codecOrigins({ FERMATA_CODEC_ORIGINS: given = '' }: NodeJS.ProcessEnv): readonly string[] {
  const origins = given.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]));
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      throw new Error(
        `FERMATA_CODEC_ORIGINS: expected origins with commas between them, for example https://temporal.example, found "${origin}"`,
      );
  }
  return origins;
}
