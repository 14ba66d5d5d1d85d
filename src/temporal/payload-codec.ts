/**
 * Seals every payload on its way to Temporal, including its metadata, and opens it on the way back. The seal names its
 * purpose (namespace, workflow, activity), so that a copy is not valid elsewhere. Without a context (Temporal's UI)
 * only its integrity is checked.
 */
import { fileURLToPath } from 'node:url';
import type { DataConverter, Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import { isBoundActivityId, type Unsealed } from '../domain/unsealed.js';
import { type PayloadKey, readPayloadKeys, seal, unseal } from '../home/payload-keys.js';

export type { PayloadCodec };

const ENCODING = 'binary/sealed';
const KEY_ID = 'fermata-key';
const MADE_FOR = 'fermata-for';
/** Longest plain text that is read: a stop needs no more. */
const UNSEALED_BYTES_MAX = 4096;

/** A payload names a key that this installation does not have. */
export class PayloadKeyMissing extends Error {
  override readonly name = 'PayloadKeyMissing';
}

/** `keys`: newest first. The newest seals, all of them open. */
export function createPayloadCodec(keys: readonly PayloadKey[]): PayloadCodec {
  const [newest] = keys;
  if (newest === undefined) throw new Error('a payload codec needs a key');
  return {
    encode: async (payloads, context) => payloads.map((payload) => sealed(newest, payload, context)),
    decode: async (payloads, context) => payloads.map((payload) => opened(keys, payload, context)),
  };
}

/** By its declared encoding. */
export function isSealed({ metadata }: Payload): boolean {
  return textOf(metadata?.encoding) === ENCODING;
}

function sealed(key: PayloadKey, payload: Payload, context?: SerializationContext): Payload {
  const madeFor = JSON.stringify(purposeOf(context));
  return {
    metadata: {
      encoding: Buffer.from(ENCODING),
      [KEY_ID]: Buffer.from(key.id),
      [MADE_FOR]: Buffer.from(madeFor),
    },
    data: seal(key, pack(payload), madeFor),
  };
}

/** Namespace, workflow, activity; shorter if less is known. */
type Purpose = readonly string[];

function purposeOf(context: SerializationContext | undefined): Purpose {
  if (context === undefined) return [];
  const { namespace, workflowId = '' } = context;
  return context.type === 'workflow'
    ? [namespace, workflowId]
    : [namespace, workflowId, context.activityId ?? ''];
}

/** A schedule's action is sealed for its workflow id; each run's id has this time appended. */
const SCHEDULED_AT = /-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function isFor(madeFor: Purpose, context: SerializationContext): boolean {
  const here = purposeOf(context);
  if (here.length !== madeFor.length) return false;
  return here.every(
    (part, at) =>
      part === madeFor[at] ||
      (at === 1 && context.type === 'workflow' && part.replace(SCHEDULED_AT, '') === madeFor[at]),
  );
}

/** Null: sealed before seals named their purpose. */
function madeForOf({ metadata }: Payload): { readonly text: string; readonly purpose: Purpose } | null {
  const text = textOf(metadata?.[MADE_FOR]);
  if (text === '') return null;
  const purpose: unknown = parse(text);
  return { text, purpose: Array.isArray(purpose) ? purpose.map(String) : [] };
}

/** Answers of activities without a unique id belong to runs that began before such ids; those end by themselves. */
function countsHere(madeFor: Purpose | null, context: SerializationContext | undefined): boolean {
  if (context === undefined) return true;
  if (madeFor !== null) return isFor(madeFor, context);
  return context.type === 'workflow' || !isBoundActivityId(context.activityId ?? '');
}

function opened(keys: readonly PayloadKey[], payload: Payload, context?: SerializationContext): Payload {
  if (!isSealed(payload)) return unsealed(payload);
  const id = textOf(payload.metadata?.[KEY_ID]);
  const key = keys.find((known) => known.id === id);
  if (key === undefined) {
    throw new PayloadKeyMissing(
      `a payload was sealed with the key ${id}, which the secret file payload-key does not hold: put it back as a ` +
        'further line there',
    );
  }
  const madeFor = madeForOf(payload);
  const packed = unseal(key, payload.data ?? new Uint8Array(), madeFor?.text);
  return packed === null || !countsHere(madeFor?.purpose ?? null, context) ? unsealed({}) : unpack(packed);
}

/** Anybody who reaches Temporal can send unsealed payloads: they must not block a workflow, and are never trusted. */
function unsealed({ metadata, data }: Payload): Payload {
  const readable = textOf(metadata?.encoding) === 'json/plain' && (data?.length ?? 0) <= UNSEALED_BYTES_MAX;
  const value: Unsealed = { unsealed: readable ? parse(textOf(data)) : null };
  return { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify(value)) };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

/** Layout: length of the metadata as JSON (4 bytes), the metadata with values in base64, the data. */
function pack({ metadata, data }: Payload): Uint8Array {
  const values = Object.entries(metadata ?? {}).map(([name, value]) => [
    name,
    Buffer.from(value).toString('base64'),
  ]);
  const header = Buffer.from(JSON.stringify(Object.fromEntries(values)));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  // The protocol's decoder turns an undefined value into an empty array that is not a Buffer.
  return Buffer.concat([length, header, Buffer.from(data ?? [])]);
}

function unpack(packed: Uint8Array): Payload {
  const bytes = Buffer.from(packed);
  const end = 4 + bytes.readUInt32BE(0);
  const header = JSON.parse(bytes.toString('utf8', 4, end)) as Record<string, string>;
  const metadata = Object.entries(header).map(([name, value]) => [name, Buffer.from(value, 'base64')]);
  return { metadata: Object.fromEntries(metadata), data: bytes.subarray(end) };
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return bytes ? Buffer.from(bytes).toString() : '';
}

/** Loaded by path, in this process and in the workflows' sandbox: always the compiled file, wherever this one runs. */
export const FAILURE_CONVERTER = fileURLToPath(
  new URL('../../dist/workflows/failure-converter.js', import.meta.url),
);

/** Throws if the installation has no key. */
export function payloadCodecOf(home: string): PayloadCodec {
  return createPayloadCodec(readPayloadKeys(home));
}

/**
 * The data converter of every client and worker of Fermata: payloads are sealed with the installation's key,
 * including failure messages and stack traces. Throws if the installation has no key.
 */
export function dataConverterOf(home: string): DataConverter {
  return {
    failureConverterPath: FAILURE_CONVERTER,
    payloadCodecs: [payloadCodecOf(home)],
  };
}
