/**
 * Guards against two ways to trick a browser. DNS rebinding: a foreign name that resolves to 127.0.0.1 sends its own
 * Host, so only our names are answered. Cross-site calls: browsers always send Origin with a POST, so a foreign one
 * is refused even if no cookie is involved.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { refusedOrigin, sendProblem } from '../problem-details.js';

declare module 'fastify' {
  interface FastifyInstance {
    readonly publicUrl: string | null;
  }
}

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'] as const;

export function ownHosts(port: number): ReadonlySet<string> {
  return new Set(
    LOOPBACK_NAMES.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`])),
  );
}

/** The page's origin must match its host: a page opened as localhost may only call localhost. */
export function isOwnOrigin(origin: string, host: string, publicUrl: string | null = null): boolean {
  return origin === (isPublicHost(host, publicUrl) ? publicUrl : `http://${host}`);
}

/**
 * A request to the desk's public address came over TLS: that address begins with https, and we listen only on
 * loopback.
 */
const isPublicHost = (host: string, publicUrl: string | null): boolean =>
  publicUrl !== null && [publicUrl, `${publicUrl}:443`].includes(`https://${host}`);

/**
 * The origin of the page that a request comes from, by its Host, which the guard has compared with the browser's
 * Origin.
 */
export const ownOriginOf = (request: FastifyRequest): string => {
  const { publicUrl } = request.server;
  return publicUrl !== null && cameByPublicUrl(request) ? publicUrl : `http://${hostOf(request)}`;
};

export const cameByPublicUrl = (request: FastifyRequest): boolean =>
  isPublicHost(hostOf(request), request.server.publicUrl);

const hostOf = ({ headers }: FastifyRequest): string => (headers.host ?? '').toLowerCase();

export function listeningPort(message: IncomingMessage): number {
  return message.socket.localPort ?? 0;
}

export function registerHostGuard(app: FastifyInstance, publicUrl: string | null): void {
  app.decorate('publicUrl', publicUrl);
  app.addHook('onRequest', async (request, reply) => {
    const host = hostOf(request);
    if (!ownHosts(listeningPort(request.raw)).has(host) && !isPublicHost(host, publicUrl)) {
      return sendProblem(reply, {
        status: 421,
        code: 'host-refused',
        detail: 'This server answers only to its own loopback names and to api.publicUrl of the desk file.',
        keptSafe: 'Nothing was read or changed.',
        doThis:
          'Use http://127.0.0.1 or http://localhost with the port that `fermata up` printed; for a proxy or tunnel name its https:// address in the desk file (api.publicUrl) and let it pass the Host header on.',
      });
    }
    const { origin } = request.headers;
    if (origin !== undefined && !isOwnOrigin(origin.toLowerCase(), host, publicUrl))
      return sendProblem(reply, refusedOrigin('The request comes from a page of another origin.'));
  });
}
