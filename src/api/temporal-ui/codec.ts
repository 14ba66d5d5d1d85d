/**
 * Opens sealed payloads for Temporal's UI, for whoever is signed in there. It seals nothing: what a person writes in
 * that UI stays plain text, and counts as that.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { CODEC_PATH } from '../../home/codec-path.js';
import { isSealed, type PayloadCodec, PayloadKeyMissing } from '../../operations/temporal/payload-codec.js';

const BODY_BYTES_MAX = 8 * 1024 * 1024;

const bodySchema = z.object({
  payloads: z
    .array(z.object({ metadata: z.record(z.string(), z.string()).default({}), data: z.string().default('') }))
    .max(10_000),
});
type Body = z.infer<typeof bodySchema>;
type WirePayload = Body['payloads'][number];

export function isCodecRequest({ url }: IncomingMessage): boolean {
  return url === `${CODEC_PATH}/decode` || url === `${CODEC_PATH}/encode`;
}

export async function answerCodec(
  codec: PayloadCodec,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (incoming.method !== 'POST') {
    answer(response, 405, { message: 'expected POST' });
    return;
  }
  const body = await readBody(incoming);
  if (body === null) {
    answer(response, 400, { message: `expected {payloads}, at most ${BODY_BYTES_MAX} bytes` });
    return;
  }
  if (incoming.url !== `${CODEC_PATH}/decode`) {
    answer(response, 200, body);
    return;
  }
  try {
    answer(response, 200, {
      payloads: await Promise.all(body.payloads.map((payload) => opened(codec, payload))),
    });
  } catch (error) {
    if (!(error instanceof PayloadKeyMissing)) throw error;
    answer(response, 422, { message: error.message });
  }
}

/** Plain text is shown as it is. */
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

/** Null where it is too long or not what it should be. */
async function readBody(incoming: IncomingMessage): Promise<Body | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  try {
    return bodySchema.parse(JSON.parse(Buffer.concat(chunks).toString()));
  } catch {
    return null;
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(JSON.stringify(body));
}
