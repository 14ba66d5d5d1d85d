/**
 * What the body of a stop may be: anything. JSON with a reason, a form, bare text (which is the reason), nothing, or
 * something unreadable: whoever sent it wants the desk stopped.
 */
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { errorCodes } from 'fastify';

const BYTES_READ_MAX = 64 * 1024;

/**
 * For every route of `scope`: a route with `anyBody` gets the reason in the text, every other one its JSON or an empty
 * body.
 */
export function takeAnyBody(scope: FastifyInstance): void {
  scope.addContentTypeParser('*', async (request: FastifyRequest, payload: Readable) => {
    const text = await readText(payload);
    if (request.routeOptions.config.anyBody === true) return statedIn(text);
    if (text === '') return undefined;
    throw new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE();
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Never refuse a request for its body. */
    anyBody?: boolean;
  }
}

/** Runs before the body is read: whatever its content type, it is read as text. */
export async function forgetContentType({ headers }: FastifyRequest): Promise<void> {
  delete headers['content-type'];
}

/** Only the beginning is kept; a body that breaks off is used as far as it came. */
async function readText(payload: Readable): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of payload) {
      const chunk = Buffer.from(part as Uint8Array);
      if (bytes < BYTES_READ_MAX) parts.push(chunk);
      bytes += chunk.length;
    }
  } catch {
    // The sender is gone; the intention is clear.
  }
  return Buffer.concat(parts).toString('utf8');
}

function statedIn(text: string): { readonly reason?: string } {
  try {
    const given: unknown = JSON.parse(text);
    if (typeof given === 'string') return { reason: given };
    const reason = typeof given === 'object' && given !== null && 'reason' in given ? given.reason : null;
    return typeof reason === 'string' ? { reason } : {};
  } catch {
    const reason = new URLSearchParams(text).get('reason') ?? text;
    return reason.trim() === '' ? {} : { reason };
  }
}
