/** The operations on a bucket: one function for each operation of the protocol. */
import type { IncomingMessage } from 'node:http';
import type { ReadBody } from './body.js';
import type { Bucket } from './buckets.js';
import { notBuilt, Refusal } from './refusal.js';
import { document, elements, plain, type Xml } from './xml.js';

export interface Asked {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly name: string;
  readonly bucket: Bucket;
  /** Empty: the bucket itself. */
  readonly key: string;
  readonly body: ReadBody;
  readonly nowMs: number;
  readonly pageSize: number;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Buffer;
}

interface Operation {
  readonly method: string;
  readonly of: 'bucket' | 'object';
  /** The query parameter that distinguishes it from others; null if there is none. */
  readonly by: string | null;
  readonly writes: boolean;
  readonly act: (asked: Asked) => Answer;
}

const xml = (root: string, content: Xml): Answer => ({
  headers: { 'content-type': 'application/xml' },
  body: document(root, content),
});
const quoted = (etag: string): string => `"${etag}"`;
const iso = (ms: number): string => new Date(ms).toISOString();

const OPERATIONS: readonly Operation[] = [
  { method: 'GET', of: 'bucket', by: 'list-type', writes: false, act: listObjects },
  { method: 'GET', of: 'bucket', by: 'uploads', writes: false, act: listUploads },
  { method: 'HEAD', of: 'bucket', by: null, writes: false, act: () => ({}) },
  { method: 'POST', of: 'bucket', by: 'delete', writes: true, act: deleteObjects },
  { method: 'PUT', of: 'object', by: 'partNumber', writes: true, act: uploadPart },
  { method: 'PUT', of: 'object', by: null, writes: true, act: putObject },
  { method: 'POST', of: 'object', by: 'uploads', writes: true, act: createUpload },
  { method: 'POST', of: 'object', by: 'uploadId', writes: true, act: completeUpload },
  { method: 'DELETE', of: 'object', by: 'uploadId', writes: true, act: abortUpload },
  { method: 'DELETE', of: 'object', by: null, writes: true, act: deleteObject },
  { method: 'GET', of: 'object', by: null, writes: false, act: getObject },
  { method: 'HEAD', of: 'object', by: null, writes: false, act: getObject },
];
/** The parameters of all operations; any other asks for something that is not built. */
const PARAMETERS = new Set(
  [
    'x-id,list-type,prefix,continuation-token,start-after,max-keys,uploads,key-marker,upload-id-marker',
    'max-uploads,uploadId,partNumber,delete',
  ].flatMap((names) => names.split(',')),
);
const HEADERS_NOT_BUILT =
  /^x-amz-(copy-source|object-lock-|server-side-encryption|acl|grant-|tagging|website-)|^if-(match|modified|unmodified)/;

/** Throws a `Refusal` if the operation is not built. */
export function operationFor(request: IncomingMessage, query: URLSearchParams, key: string): Operation {
  const strange = [...query.keys()].find((name) => !PARAMETERS.has(name));
  if (strange !== undefined) throw notBuilt(strange);
  const header = Object.keys(request.headers).find((name) => HEADERS_NOT_BUILT.test(name));
  if (header !== undefined) throw notBuilt(header);
  const of = key === '' ? 'bucket' : 'object';
  const fitting = OPERATIONS.filter((one) => one.method === request.method && one.of === of);
  const found =
    fitting.find(({ by }) => by !== null && query.has(by)) ?? fitting.find(({ by }) => by === null);
  if (found === undefined)
    throw new Refusal(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
  return found;
}

function putObject({ request, bucket, key, body, nowMs }: Asked): Answer {
  if (request.headers['if-none-match'] === '*' && bucket.objects.has(key))
    throw new Refusal(
      412,
      'PreconditionFailed',
      'At least one of the pre-conditions you specified did not hold',
    );
  const { etag, crc32 } = bucket.put(key, body.bytes, body.crc32, nowMs);
  return { headers: { etag: quoted(etag), ...checksum(crc32) } };
}

function getObject({ request, bucket, key }: Asked): Answer {
  const { bytes, etag, crc32, storedMs } = bucket.object(key);
  const common = {
    etag: quoted(etag),
    'last-modified': new Date(storedMs).toUTCString(),
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (range === null)
    return {
      headers: {
        ...common,
        'content-length': bytes.length,
        ...(request.headers['x-amz-checksum-mode'] === 'ENABLED' ? checksum(crc32) : {}),
      },
      body: bytes,
    };
  const from = Number(range[1]);
  const to = Math.min(range[2] === '' ? Number.POSITIVE_INFINITY : Number(range[2]), bytes.length - 1);
  if (from > to) throw new Refusal(416, 'InvalidRange', 'The requested range is not satisfiable');
  return {
    status: 206,
    headers: {
      ...common,
      'content-length': to - from + 1,
      'content-range': `bytes ${from}-${to}/${bytes.length}`,
    },
    body: bytes.subarray(from, to + 1),
  };
}

function deleteObject({ bucket, key }: Asked): Answer {
  bucket.objects.delete(key);
  return { status: 204 };
}

function deleteObjects({ request, bucket, body }: Asked): Answer {
  if (body.crc32 === null && request.headers['content-md5'] === undefined)
    throw new Refusal(400, 'InvalidRequest', 'Missing required header for this request: Content-MD5');
  const text = body.bytes.toString('utf8');
  const keys = elements(text, 'Object').map((object) => plain(elements(object, 'Key')[0] ?? ''));
  if (keys.length === 0 || keys.length > 1_000)
    throw new Refusal(400, 'MalformedXML', 'The XML you provided was not well-formed');
  for (const key of keys) bucket.objects.delete(key);
  const isQuiet = elements(text, 'Quiet')[0] === 'true';
  return xml('DeleteResult', isQuiet ? [] : keys.map((key) => ['Deleted', [['Key', key]]] as const));
}

function listObjects({ query, name, bucket, pageSize }: Asked): Answer {
  if (query.get('list-type') !== '2') throw notBuilt('list-type');
  const prefix = query.get('prefix') ?? '';
  const token = query.get('continuation-token');
  const after =
    token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString('utf8');
  const most = Math.min(Number(query.get('max-keys') ?? 1_000), pageSize);
  const keys = [...bucket.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, most);
  const isTruncated = keys.length > page.length;
  return xml('ListBucketResult', [
    ['Name', name],
    ['Prefix', prefix],
    ['KeyCount', page.length],
    ['MaxKeys', most],
    ['IsTruncated', String(isTruncated)],
    ...(isTruncated
      ? [['NextContinuationToken', Buffer.from(page.at(-1) ?? '').toString('base64url')] as const]
      : []),
    ...page.map((key) => {
      const { bytes, etag, storedMs } = bucket.object(key);
      return [
        'Contents',
        [
          ['Key', key],
          ['LastModified', iso(storedMs)],
          ['ETag', quoted(etag)],
          ['Size', bytes.length],
          ['StorageClass', 'STANDARD'],
        ],
      ] as const;
    }),
  ]);
}

/** By key, those of one key by their beginning. */
function listUploads({ query, name, bucket, pageSize }: Asked): Answer {
  const prefix = query.get('prefix') ?? '';
  const [keyMarker, idMarker] = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? ''];
  const uploads = [...bucket.uploads]
    .filter(([, { key }]) => key.startsWith(prefix))
    .sort(([, a], [, b]) => (a.key === b.key ? a.begunMs - b.begunMs : a.key < b.key ? -1 : 1));
  // A marker without the other: the id alone is ignored, the key alone begins after all of its uploads.
  if (keyMarker !== '' && idMarker !== '') bucket.upload(idMarker, keyMarker);
  const marked = uploads.findIndex(([id]) => id === idMarker);
  const rest =
    keyMarker === ''
      ? uploads
      : uploads.filter(
          ([, { key }], at) => key > keyMarker || (key === keyMarker && marked >= 0 && at > marked),
        );
  const page = rest.slice(0, Math.min(Number(query.get('max-uploads') ?? 1_000), pageSize));
  const [lastId, last] = page.at(-1) ?? [];
  const isTruncated = rest.length > page.length;
  return xml('ListMultipartUploadsResult', [
    ['Bucket', name],
    ['Prefix', prefix],
    ['KeyMarker', keyMarker],
    ['UploadIdMarker', idMarker],
    ['IsTruncated', String(isTruncated)],
    ...(isTruncated
      ? ([
          ['NextKeyMarker', last?.key ?? ''],
          ['NextUploadIdMarker', lastId ?? ''],
        ] as const)
      : []),
    ...page.map(
      ([id, { key, begunMs }]) =>
        [
          'Upload',
          [
            ['Key', key],
            ['UploadId', id],
            ['Initiated', iso(begunMs)],
          ],
        ] as const,
    ),
  ]);
}

function createUpload({ bucket, name, key, nowMs }: Asked): Answer {
  return xml('InitiateMultipartUploadResult', [
    ['Bucket', name],
    ['Key', key],
    ['UploadId', bucket.begin(key, nowMs)],
  ]);
}

function uploadPart({ query, bucket, key, body }: Asked): Answer {
  const [id, number] = [query.get('uploadId') ?? '', Number(query.get('partNumber'))];
  const { etag, crc32 } = bucket.putPart(id, key, number, body.bytes, body.crc32);
  return { headers: { etag: quoted(etag), ...checksum(crc32) } };
}

function completeUpload({ query, bucket, name, key, body, nowMs }: Asked): Answer {
  const parts = elements(body.bytes.toString('utf8'), 'Part').map((part) => ({
    number: Number(elements(part, 'PartNumber')[0]),
    etag: plain(elements(part, 'ETag')[0] ?? '').replaceAll('"', ''),
  }));
  const { etag } = bucket.complete(query.get('uploadId') ?? '', key, parts, nowMs);
  return xml('CompleteMultipartUploadResult', [
    ['Bucket', name],
    ['Key', key],
    ['ETag', quoted(etag)],
  ]);
}

function abortUpload({ query, bucket, key }: Asked): Answer {
  const id = query.get('uploadId') ?? '';
  bucket.upload(id, key);
  bucket.uploads.delete(id);
  return { status: 204 };
}

const checksum = (crc32: string | null): Readonly<Record<string, string>> =>
  crc32 === null
    ? {}
    : {
        'x-amz-checksum-crc32': crc32,
        'x-amz-checksum-type': crc32.includes('-') ? 'COMPOSITE' : 'FULL_OBJECT',
      };
