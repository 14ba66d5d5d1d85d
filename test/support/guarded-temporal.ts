/**
 * What stands before a Temporal server that somebody else runs: TLS, and, where asked for, a client certificate and an API
 * key for each call. Behind it is a real server. Certificates are made by openssl, each for this use alone.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  type ClientHttp2Session,
  connect,
  createSecureServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface Certificates {
  readonly authority: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

const openssl = (folder: string, ...args: readonly string[]): void =>
  void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });

/** Files in `folder`: an authority, and what it signed for `localhost` and for a client. */
export function makeCertificates(folder: string): Certificates {
  const at = (name: string): string => join(folder, name);
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    folder,
    'req',
    '-x509',
    ...curve,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=test',
  );
  for (const [name, subject, use] of [
    ['server', '/CN=localhost', 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth'],
    ['client', '/CN=a desk', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    writeFileSync(at(`${name}.ext`), `basicConstraints=CA:FALSE\n${use}\n`);
    openssl(folder, 'req', ...curve, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
    openssl(
      folder,
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...signed,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
  }
  return {
    authority: at('ca.pem'),
    serverCert: at('server.pem'),
    serverKey: at('server.key'),
    clientCert: at('client.pem'),
    clientKey: at('client.key'),
  };
}

export interface GuardedTemporal {
  readonly address: string;
  /** Calls that were passed on, and that were refused for their key. */
  readonly counts: { passed: number; refused: number };
  close(): Promise<void>;
}

export async function guardTemporal(
  behind: string,
  certificates: Certificates,
  asks: { readonly clientCertificate?: boolean; readonly apiKey?: string; readonly denies?: RegExp },
): Promise<GuardedTemporal> {
  const counts = { passed: 0, refused: 0 };
  const sessions = new Set<ServerHttp2Session>();
  const server = createSecureServer({
    key: readFileSync(certificates.serverKey),
    cert: readFileSync(certificates.serverCert),
    ca: readFileSync(certificates.authority),
    requestCert: asks.clientCertificate === true,
    rejectUnauthorized: asks.clientCertificate === true,
  });
  let backend: ClientHttp2Session | null = null;
  const open = (): ClientHttp2Session => {
    if (backend && !backend.destroyed && !backend.closed) return backend;
    backend = connect(`http://${behind}`);
    backend.on('error', () => undefined);
    return backend;
  };
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => undefined);
    session.once('close', () => sessions.delete(session));
  });
  server.on('tlsClientError', () => undefined);
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    if (asks.apiKey !== undefined && headers.authorization !== `Bearer ${asks.apiKey}`) {
      counts.refused += 1;
      const refusal = { 'grpc-status': '16', 'grpc-message': 'Request unauthorized.' };
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...refusal }, { endStream: true });
      return;
    }
    if (asks.denies?.test(headers[':path'] ?? '')) {
      const denial = { 'grpc-status': '7', 'grpc-message': 'Request denied.' };
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...denial }, { endStream: true });
      return;
    }
    counts.passed += 1;
    passOn(stream, headers, open());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `localhost:${(server.address() as AddressInfo).port}`,
    counts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
        backend?.destroy();
      }),
  };
}

/** A connection's own matters stay on it; the key goes no further. */
function passable(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const own = /^(:authority|:scheme|authorization|connection|host)$/;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !own.test(name)));
}

function passOn(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, to: ClientHttp2Session): void {
  const call = to.request(passable(headers));
  let trailers: OutgoingHttpHeaders = {};
  call.on('error', () => stream.close());
  call.on('trailers', (said) => {
    trailers = { ...said };
  });
  call.on('response', (said) => {
    // An answer that is only a status has it in its first headers.
    const only = said['grpc-status'] !== undefined;
    if (!stream.destroyed)
      stream.respond(passable(said), only ? { endStream: true } : { waitForTrailers: true });
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.once('close', () => call.close());
  stream.pipe(call);
  call.pipe(stream);
}
