/** S3-compatible storage through the AWS client, which is loaded only if a desk has such storage. */
import { existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import type {
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
  MultipartUpload,
  S3Client,
} from '@aws-sdk/client-s3';
import { deskEnvironment, secretVariable } from '../../desk/desk-environment.js';
import type { Desk } from '../../desk/schema.js';
import { messageOf } from '../../domain/message-of.js';
import { secretFile } from '../../home/runtime.js';
import { readSecret } from '../../home/secrets.js';

export type StorageSettings = NonNullable<Desk['backup']['s3']>;

type Bytes = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
}

/** Another attempt is useless until a person has changed something. */
export class StorageRefused extends Error {}

/** Every call rejects with a message that names the storage; with `StorageRefused` if the storage refuses. */
export interface Storage {
  /** Stores the object completely or not at all. */
  put(key: string, body: Bytes, signal?: AbortSignal): Promise<void>;
  get(key: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  list(prefix: string): Promise<readonly StoredObject[]>;
  remove(keys: readonly string[]): Promise<void>;
  /** Aborts unfinished uploads: their parts cost money and appear in no list. */
  endUploads(prefix: string): Promise<number>;
  close(): void;
}

/** At most 10,000 parts: up to 160 GB per archive. Two are held in memory at a time. */
const PART_BYTES = 16 * 1024 * 1024;
const PARTS_AT_ONCE = 2;
const CONNECT_MS = 10_000;
/** Longest time without a byte. */
const SILENT_MS = 60_000;
/**
 * Limits for a mere trickle of bytes, which would go on for ever. A read is judged only once it has had time
 * to begin.
 */
const ANSWER_MINUTES = 5;
const PACE_AFTER_S = 60;
const PACE_BYTES_MIN = 4_000;
const LOOK_MS = 5_000;
const REMOVED_AT_ONCE = 1_000;

/** Throws `StorageRefused` if a key is missing. */
export async function openStorage(
  settings: StorageSettings,
  env: NodeJS.ProcessEnv = deskEnvironment(),
): Promise<Storage> {
  const credentials = {
    accessKeyId: keyOf(env, settings.accessKeyEnv),
    secretAccessKey: keyOf(env, settings.secretKeyEnv),
  };
  // Silences the client's warning about the Node version that later releases will require: it doesn't belong
  // in a desk's log.
  Object.assign(process.env, { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' });
  const { S3Client } = await import('@aws-sdk/client-s3');
  const { endpoint, region } = settings;
  return new BucketStorage(
    new S3Client({
      endpoint,
      region,
      credentials,
      // Other storages rarely give a bucket its own host name.
      forcePathStyle: !/\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname),
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENT_MS },
    }),
    settings,
  );
}

function keyOf(env: NodeJS.ProcessEnv, name: string): string {
  const key = secretVariable(env, name);
  if (key === null)
    throw new StorageRefused(`${name} is not given: set it, or ${name}_FILE, and start the desk again`);
  return key;
}

class BucketStorage implements Storage {
  readonly #client: S3Client;
  readonly #settings: StorageSettings;
  readonly #Bucket: string;

  constructor(client: S3Client, settings: StorageSettings) {
    this.#client = client;
    this.#settings = settings;
    this.#Bucket = settings.bucket;
  }

  put(key: string, body: Bytes, signal?: AbortSignal): Promise<void> {
    return this.#asked(async () => {
      const { Upload } = await import('@aws-sdk/lib-storage');
      const pace = new UploadPace();
      const Body = Readable.from(pace.of(body));
      const upload = new Upload({
        client: this.#client,
        params: { Bucket: this.#Bucket, Key: key, Body },
        partSize: PART_BYTES,
        queueSize: PARTS_AT_ONCE,
      });
      upload.on('httpUploadProgress', ({ loaded = 0 }) => pace.taken(loaded));
      const end = () => void upload.abort();
      signal?.throwIfAborted();
      signal?.addEventListener('abort', end, { once: true });
      const looks = setInterval(() => pace.isOver() && end(), LOOK_MS);
      try {
        await upload.done();
      } catch (error) {
        if (!pace.isOver()) throw error;
        throw new Error(`what is sent is taken at less than ${PACE_BYTES_MIN / 1_000} kB a second`, {
          cause: error,
        });
      } finally {
        clearInterval(looks);
        signal?.removeEventListener('abort', end);
        Body.destroy();
      }
    });
  }

  get(key: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.#asked(async () => {
      const { GetObjectCommand } = await import('@aws-sdk/client-s3');
      const command = new GetObjectCommand({ Bucket: this.#Bucket, Key: key });
      const { Body } = await this.#client.send(command, signal ? { abortSignal: signal } : {});
      return this.#reading(Body as Readable);
    });
  }

  async *#reading(body: Readable): AsyncGenerator<Uint8Array> {
    const begunMs = performance.now();
    let bytes = 0;
    try {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        bytes += chunk.length;
        const seconds = (performance.now() - begunMs) / 1_000;
        if (seconds > PACE_AFTER_S && bytes < seconds * PACE_BYTES_MIN)
          throw new Error(`what is read comes at less than ${PACE_BYTES_MIN / 1_000} kB a second`);
        yield chunk;
      }
    } catch (error) {
      throw explained(error, this.#settings);
    }
  }

  list(Prefix: string): Promise<readonly StoredObject[]> {
    return this.#answered(async (options) => {
      const { paginateListObjectsV2 } = await import('@aws-sdk/client-s3');
      const found: StoredObject[] = [];
      for await (const page of paginateListObjectsV2(
        { client: this.#client },
        { Bucket: this.#Bucket, Prefix },
        options,
      ))
        for (const { Key: key = '', Size: bytes = 0 } of page.Contents ?? []) found.push({ key, bytes });
      return found;
    });
  }

  remove(keys: readonly string[]): Promise<void> {
    return this.#answered(async (options) => {
      const { DeleteObjectsCommand } = await import('@aws-sdk/client-s3');
      for (let at = 0; at < keys.length; at += REMOVED_AT_ONCE) {
        const Objects = keys.slice(at, at + REMOVED_AT_ONCE).map((Key) => ({ Key }));
        const command = new DeleteObjectsCommand({ Bucket: this.#Bucket, Delete: { Objects, Quiet: true } });
        const { Errors = [] } = await this.#client.send(command, options);
        const [first] = Errors;
        if (first) throw Object.assign(new Error(first.Message), { name: first.Code ?? 'Error' });
      }
    });
  }

  endUploads(Prefix: string): Promise<number> {
    return this.#answered(async (options) => {
      const { AbortMultipartUploadCommand, ListMultipartUploadsCommand } = await import('@aws-sdk/client-s3');
      const Bucket = this.#Bucket;
      const found: MultipartUpload[] = [];
      let from: Pick<ListMultipartUploadsCommandInput, 'KeyMarker' | 'UploadIdMarker'> | null = {};
      // All pages before the first is aborted: each page begins after an upload of the one before.
      while (from !== null) {
        const page: ListMultipartUploadsCommandOutput = await this.#client.send(
          new ListMultipartUploadsCommand({ Bucket, Prefix, ...from }),
          options,
        );
        found.push(...(page.Uploads ?? []));
        const { IsTruncated, NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
        from = IsTruncated === true && KeyMarker !== undefined ? { KeyMarker, UploadIdMarker } : null;
      }
      for (const { Key, UploadId } of found)
        await this.#client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), options);
      return found.length;
    });
  }

  close(): void {
    this.#client.destroy();
  }

  /** For requests that are answered at once. */
  #answered<T>(ask: (options: { readonly abortSignal: AbortSignal }) => Promise<T>): Promise<T> {
    const abortSignal = AbortSignal.timeout(ANSWER_MINUTES * 60_000);
    return this.#asked(() =>
      ask({ abortSignal }).catch((error: unknown) => {
        if (!abortSignal.aborted) throw error;
        throw new Error(`it has not answered completely within ${ANSWER_MINUTES} minutes`, { cause: error });
      }),
    );
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw explained(error, this.#settings);
    }
  }
}

/** Whether an upload is accepted too slowly. The client reports a part only once it has arrived. */
class UploadPace {
  #given = 0;
  #taken = 0;
  #sinceMs = performance.now();

  async *of(body: Bytes): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      this.#given += chunk.length;
      yield chunk;
    }
  }

  taken(bytes: number): void {
    this.#taken = bytes;
    this.#sinceMs = performance.now();
  }

  isOver(): boolean {
    const seconds = (performance.now() - this.#sinceMs) / 1_000;
    return seconds > ANSWER_MINUTES * 60 + (this.#given - this.#taken) / PACE_BYTES_MIN;
  }
}

/** Maps S3's error names to what a person can do about each. */
function explained(error: unknown, settings: StorageSettings): Error {
  const { endpoint, bucket, region, accessKeyEnv, secretKeyEnv } = settings;
  const {
    name = '',
    code = '',
    $metadata,
  } = error as {
    name?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const refused: Readonly<Record<string, string>> = {
    SignatureDoesNotMatch: `${secretKeyEnv} is not the secret of the access key in ${accessKeyEnv}`,
    InvalidAccessKeyId: `it does not know the access key in ${accessKeyEnv}`,
    AccessDenied: `the access key may not do that in bucket ${bucket}: it has to list, read, write and delete there`,
    NoSuchBucket: `it has no bucket ${bucket}: make it, or correct backup.s3.bucket`,
    AuthorizationHeaderMalformed: `the bucket is in another region than ${region}: correct backup.s3.region`,
    PermanentRedirect: 'the bucket is at another address: correct backup.s3.endpoint',
  };
  const why = refused[name];
  if (why !== undefined) return new StorageRefused(`${endpoint} refuses (${name}): ${why}`);
  if ($metadata?.httpStatusCode === 403)
    return new StorageRefused(`${endpoint} refuses the access key of ${accessKeyEnv} (${name || '403'})`);
  const said = messageOf(error) || code || name;
  return new Error(`${endpoint}, bucket ${bucket}: ${said}`, { cause: error });
}

export interface OffsitePlace {
  readonly storage: Storage;
  /** From the desk file: empty, or ending with a slash. */
  readonly prefix: string;
  readonly desk: string;
  /** The installation's backup key, hex. */
  readonly secret: string;
}

type Named = Pick<OffsitePlace, 'prefix' | 'desk'>;

/**
 * Layout of one desk's copies in its bucket: `<prefix><desk>/<id>/`, with the receipt next to the archives.
 */
export const deskPrefix = ({ prefix, desk }: Named): string => `${prefix}${desk}/`;
export const backupPrefix = (place: Named, id: string): string => `${deskPrefix(place)}${id}/`;
export const archiveKey = (place: Named, id: string, name: string): string =>
  `${backupPrefix(place, id)}${name}.sealed`;
export const receiptKey = (place: Named, id: string): string => `${backupPrefix(place, id)}receipt`;

/** The name under which an archive is sealed: it can't be opened as an archive of another backup. */
export const sealName = (place: Named, id: string, name: string): string => `${place.desk}/${id}/${name}`;

/**
 * The storage to which the desk file sends copies of backups. Null: it names none. Throws `StorageRefused` if
 * one of the storage's keys, or the installation's backup key, is missing. Close it by its `storage`.
 */
export async function openOffsite(
  home: string,
  { desk, backup }: Pick<Desk, 'desk' | 'backup'>,
  env: NodeJS.ProcessEnv = deskEnvironment(),
): Promise<OffsitePlace | null> {
  if (backup.s3 === undefined) return null;
  const key = secretFile(home, 'backupKey');
  // A start would make another key, which opens none of the copies.
  if (!existsSync(key))
    throw new StorageRefused(
      `${key} is not here: copies open only with the key of the installation that sent them. Nothing was fetched or sent. Put that file there (mode 0600)`,
    );
  const storage = await openStorage(backup.s3, env);
  return { storage, prefix: backup.s3.prefix, desk, secret: readSecret(home, 'backupKey') };
}
