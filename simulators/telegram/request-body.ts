/** Parameters of a request: query string, JSON, urlencoded or multipart, as clients of the Bot API send them. */
import type { IncomingMessage } from 'node:http';
import { badRequest } from './refusal.js';

const BODY_BYTES_MAX = 1024 * 1024;

export type Parameters = Record<string, unknown>;

export async function readParameters(request: IncomingMessage, query: URLSearchParams): Promise<Parameters> {
  const body = await readBody(request);
  const type = request.headers['content-type'] ?? '';
  return { ...Object.fromEntries(query), ...(body.length === 0 ? {} : parse(body, type)) };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw badRequest('request entity too large');
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

/** Fields only: no file is sent to the methods that are spoken here. */
function multipart(body: Buffer, type: string): Parameters {
  const boundary = /boundary="?([^";]+)"?/.exec(type)?.[1];
  if (boundary === undefined) throw badRequest('there is no boundary in the content type');
  const fields: Parameters = {};
  for (const part of body.toString('utf8').split(`--${boundary}`)) {
    const [head = '', ...rest] = part.split('\r\n\r\n');
    const name = /name="([^"]+)"/.exec(head)?.[1];
    if (name !== undefined) fields[name] = rest.join('\r\n\r\n').replace(/\r\n$/, '');
  }
  return fields;
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
