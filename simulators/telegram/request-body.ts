/** Parameters of a request: query string, JSON, urlencoded or multipart, as clients of the Bot API send them. */
import type { IncomingMessage } from 'node:http';
import { badRequest, Refusal } from './refusal.js';

/** The largest file that a bot may send, plus room for the rest. */
const BODY_BYTES_MAX = 51 * 1024 * 1024;

export type Parameters = Record<string, unknown>;

/** A part of a form that is a file. */
export class FilePart {
  constructor(
    readonly name: string,
    readonly type: string,
    readonly content: Buffer,
  ) {}
}

export async function readParameters(request: IncomingMessage, query: URLSearchParams): Promise<Parameters> {
  const body = await readBody(request);
  // The control endpoint is for people with curl, who send no content type.
  const isControl = request.url?.startsWith('/_simulator') === true;
  const type = isControl ? 'application/json' : (request.headers['content-type'] ?? '');
  return { ...Object.fromEntries(query), ...(body.length === 0 ? {} : parse(body, type)) };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new Refusal(413, 'Request Entity Too Large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parse(body: Buffer, type: string): Parameters {
  if (type.startsWith('application/json')) {
    try {
      return JSON.parse(body.toString('utf8')) as Parameters;
    } catch {
      throw badRequest("can't parse JSON object");
    }
  }
  if (type.startsWith('multipart/form-data')) return multipart(body, type);
  return Object.fromEntries(new URLSearchParams(body.toString('utf8')));
}

function multipart(body: Buffer, type: string): Parameters {
  const boundary = /boundary="?([^";]+)"?/.exec(type)?.[1];
  if (boundary === undefined) throw badRequest('there is no boundary in the content type');
  const fields: Parameters = {};
  const mark = Buffer.from(`--${boundary}`);
  for (let start = body.indexOf(mark); start >= 0; ) {
    const end = body.indexOf(mark, start + mark.length);
    if (end < 0) break;
    // Between the boundaries: a line break, the header, an empty line, the content, a line break.
    readPart(body.subarray(start + mark.length + 2, end - 2), fields);
    start = end;
  }
  return fields;
}

function readPart(part: Buffer, fields: Parameters): void {
  const split = part.indexOf('\r\n\r\n');
  if (split < 0) return;
  const head = part.subarray(0, split).toString('utf8');
  const content = part.subarray(split + 4);
  const name = /\bname="?([^";\r\n]*)"?/i.exec(head)?.[1];
  if (name === undefined) return;
  const file = /\bfilename="?([^";\r\n]*)"?/i.exec(head)?.[1];
  const type = /content-type:\s*([^\s;]+)/i.exec(head)?.[1] ?? 'application/octet-stream';
  fields[name] = file === undefined ? content.toString('utf8') : new FilePart(file, type, content);
}

/** True in any of its forms. */
export function flag(parameters: Parameters, name: string): boolean {
  return /^(true|yes|1)$/i.test(String(parameters[name] ?? ''));
}

/** Numbers come as text in every form but JSON. */
export function integer(parameters: Parameters, name: string, otherwise: number): number {
  const value = parameters[name];
  if (value === undefined || value === '') return otherwise;
  const number = Number(value);
  if (!Number.isInteger(number)) throw badRequest(`${name} must be an integer`);
  return number;
}

/** Objects come as JSON text in every form but JSON. */
export function object(parameters: Parameters, name: string): unknown {
  const value = parameters[name];
  if (typeof value !== 'string') return value;
  if (value === '') return undefined;
  try {
    return JSON.parse(value);
  } catch {
    throw badRequest(`can't parse ${name} JSON object`);
  }
}
