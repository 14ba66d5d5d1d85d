/**
 * Decrypts sealed payloads for Temporal's UI, for people who are signed in there. It seals nothing: what a person
 * enters in that UI stays plain text and is treated as such.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { CODEC_PATH } from '../../home/codec-path.js';
import { isSealed, type PayloadCodec, PayloadKeyMissing } from '../../temporal/payload-codec.js';
import { type CodecAccess, refuseCodec } from './codec-access.js';
import { PAGES, sendPage } from './page.js';

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
