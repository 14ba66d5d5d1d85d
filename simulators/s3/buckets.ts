/** What is stored: complete objects, and multipart uploads in progress. */
import { createHash, randomBytes } from 'node:crypto';
import { crc32Of } from './body.js';
import { Refusal } from './refusal.js';

export interface StoredObject {
  bytes: Buffer;
  readonly etag: string;
  /** Base64; for parts, their combined checksum followed by their number. Null: the client gave none. */
  readonly crc32: string | null;
  readonly storedMs: number;
}

interface Part {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly crc32: string | null;
}

interface Upload {
  readonly key: string;
  readonly begunMs: number;
  readonly parts: Map<number, Part>;
}

export interface NamedPart {
  readonly number: number;
  readonly etag: string;
}

const PART_BYTES_MIN = 5 * 1024 * 1024;
const PARTS_MAX = 10_000;

export class Bucket {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, Upload>();

  put(key: string, bytes: Buffer, crc32: string | null, storedMs: number): StoredObject {
    const object = { bytes, etag: md5(bytes), crc32, storedMs };
    this.objects.set(key, object);
    return object;
  }

  object(key: string): StoredObject {
    const object = this.objects.get(key);
    if (object === undefined) throw new Refusal(404, 'NoSuchKey', 'The specified key does not exist.');
    return object;
  }

  begin(key: string, begunMs: number): string {
    const id = randomBytes(16).toString('hex');
    this.uploads.set(id, { key, begunMs, parts: new Map() });
    return id;
  }

  upload(id: string, key: string): Upload {
    const upload = this.uploads.get(id);
    if (upload === undefined || upload.key !== key)
      throw new Refusal(404, 'NoSuchUpload', 'The specified multipart upload does not exist.');
    return upload;
  }

  putPart(id: string, key: string, number: number, bytes: Buffer, crc32: string | null): Part {
    if (!Number.isInteger(number) || number < 1 || number > PARTS_MAX)
      throw new Refusal(
        400,
        'InvalidArgument',
        'Part number must be an integer between 1 and 10000, inclusive',
      );
    const part = { bytes, etag: md5(bytes), crc32 };
    this.upload(id, key).parts.set(number, part);
    return part;
  }

  complete(id: string, key: string, named: readonly NamedPart[], storedMs: number): StoredObject {
    const upload = this.upload(id, key);
    const parts = named.map(({ number, etag }, at) => {
      const part = upload.parts.get(number);
      if (part === undefined || part.etag !== etag)
        throw new Refusal(400, 'InvalidPart', 'One or more of the specified parts could not be found.');
      if (at > 0 && number <= (named[at - 1]?.number ?? 0))
        throw new Refusal(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.');
      if (at < named.length - 1 && part.bytes.length < PART_BYTES_MIN)
        throw new Refusal(
          400,
          'EntityTooSmall',
          'Your proposed upload is smaller than the minimum allowed size',
        );
      return part;
    });
    if (parts.length === 0)
      throw new Refusal(400, 'MalformedXML', 'The XML you provided was not well-formed');
    const etag = `${md5(Buffer.concat(parts.map((part) => Buffer.from(part.etag, 'hex'))))}-${parts.length}`;
    const sums = parts.map(({ crc32 }) => crc32);
    const crc32 = sums.includes(null)
      ? null
      : `${crc32Of(Buffer.concat(sums.map((sum) => Buffer.from(sum ?? '', 'base64'))))}-${parts.length}`;
    const object = { bytes: Buffer.concat(parts.map(({ bytes }) => bytes)), etag, crc32, storedMs };
    this.uploads.delete(id);
    this.objects.set(key, object);
    return object;
  }
}

const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');
