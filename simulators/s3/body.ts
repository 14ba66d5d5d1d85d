/** The body of a request: read, decoded from `aws-chunked`, and checked against every checksum that came with it. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { crc32 } from 'node:zlib';
import { notBuilt, Refusal } from './refusal.js';
import { checkBodyHash } from './signature.js';

/** Limit in bytes of one put, and of one part. */
const BYTES_MAX = 256 * 1024 * 1024;

export interface ReadBody {
  readonly bytes: Buffer;
  /** Base64, as the client gave it; null if it gave none. */
  readonly crc32: string | null;
}

export const crc32Of = (bytes: Buffer): string => {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString('base64');
};

const CHECKS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  'content-md5': (bytes) => createHash('md5').update(bytes).digest('base64'),
  'x-amz-checksum-crc32': crc32Of,
  'x-amz-checksum-sha1': (bytes) => createHash('sha1').update(bytes).digest('base64'),
  'x-amz-checksum-sha256': (bytes) => createHash('sha256').update(bytes).digest('base64'),
};
const UNKNOWN_CHECKSUM = /^x-amz-checksum-(crc32c|crc64nvme)$/;

/** The body as it came. `onBytes`: called with the number of bytes so far; throws to break the connection. */
export async function readRaw(request: IncomingMessage, onBytes: (bytes: number) => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BYTES_MAX)
      throw new Refusal(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
    chunks.push(chunk);
    onBytes(size);
  }
  return Buffer.concat(chunks);
}

/** Throws a `Refusal` if the body does not match its signature or checksums. */
export function checkedBody(request: IncomingMessage, raw: Buffer): ReadBody {
  checkBodyHash(request, raw);
  const isChunked = (request.headers['content-encoding'] ?? '').split(/, ?/).includes('aws-chunked');
  const { bytes, trailers } = isChunked ? unchunked(raw, request) : { bytes: raw, trailers: {} };
  const said: Record<string, unknown> = { ...request.headers, ...trailers };
  for (const [name, value] of Object.entries(said)) {
    if (UNKNOWN_CHECKSUM.test(name)) throw notBuilt(name);
    const computed = CHECKS[name]?.(bytes);
    if (computed !== undefined && computed !== value)
      throw new Refusal(400, 'BadDigest', `The ${name} you specified did not match what we received.`);
  }
  const given = said['x-amz-checksum-crc32'];
  return { bytes, crc32: typeof given === 'string' ? given : null };
}

/** `size;ext CRLF bytes CRLF` …, a chunk of size 0, and the trailers that the request announced. */
function unchunked(
  raw: Buffer,
  { headers }: IncomingMessage,
): { bytes: Buffer; trailers: Record<string, string> } {
  const malformed = new Refusal(400, 'IncompleteBody', 'The request body terminated unexpectedly');
  const chunks: Buffer[] = [];
  let at = 0;
  const line = (): string => {
    const end = raw.indexOf('\r\n', at);
    if (end < 0) throw malformed;
    const text = raw.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  for (;;) {
    const size = Number.parseInt(line(), 16);
    if (Number.isNaN(size) || at + size > raw.length) throw malformed;
    if (size === 0) break;
    chunks.push(raw.subarray(at, at + size));
    at += size;
    if (line() !== '') throw malformed;
  }
  const trailers: Record<string, string> = {};
  const announced = String(headers['x-amz-trailer'] ?? '')
    .split(',')
    .filter(Boolean);
  while (at < raw.length) {
    const [name = '', value = ''] = line().split(/: ?/, 2);
    if (name === '') continue;
    if (!announced.includes(name)) throw malformed;
    trailers[name] = value.trim();
  }
  if (announced.some((name) => trailers[name] === undefined)) throw malformed;
  const bytes = Buffer.concat(chunks);
  if (bytes.length !== Number(headers['x-amz-decoded-content-length'])) throw malformed;
  return { bytes, trailers };
}
