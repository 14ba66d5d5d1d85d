/** What no client sends: raw requests and frames, drawn from a seed, at ports and sockets. Nothing is expected of the answers. */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { Random } from '../simulation/random.js';
import { converse, type RawRequestsSent } from './raw-conversation.js';
import { type Conversation, drawConversation } from './raw-frames.js';

export interface Target {
  readonly name: string;
  readonly at: NetConnectOpts;
  /** `frames`: HTTP that becomes a WebSocket. */
  readonly speaks: 'http' | 'frames' | 'lines';
  /** Of somebody who is signed in there. */
  readonly token?: string;
  /** Of the desk’s cookie names; left out: none. */
  readonly cookieEnding?: string;
}

/** At one time, so that a bound on connections is reached now and then. */
const TOGETHER = 24;
const ANSWER_WAIT_MS = 60;

/** Sends `count` of them, spread over the targets. A failure names the seed: the same seed sends the same again. */
export async function sendRawRequests(
  targets: readonly Target[],
  seed: number,
  count: number,
): Promise<RawRequestsSent> {
  const random = new Random(seed);
  const counts: RawRequestsSent = { sent: 0, conversations: 0, upgraded: 0, welcomed: 0 };
  let left = count;
  const sender = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const target = random.pick(targets);
      counts.sent += 1;
      const drawn = draw(random, target);
      const ending = random.whole(0, 3);
      if (Buffer.isBuffer(drawn)) await sendOne(target, drawn, ending);
      else await converse(target.at, drawn, ending, ANSWER_WAIT_MS, counts);
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, sender));
  return counts;
}

/** Ends the connection in one of four ways: half, whole, by a reset at once, by a reset after the answer began. */
function sendOne({ at }: Target, bytes: Buffer, ending: number): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ ...at, allowHalfOpen: false } as NetConnectOpts);
    const reset = (): void =>
      void (socket.remoteAddress === undefined ? socket.destroy() : socket.resetAndDestroy());
    const timer = setTimeout(() => socket.destroy(), ANSWER_WAIT_MS);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.on('error', () => undefined);
    socket.once('connect', () => {
      if (ending === 0) socket.end(bytes);
      else socket.write(bytes, () => void (ending === 1 && reset()));
    });
    socket.on('data', () => void (ending === 2 ? reset() : ending === 3 && socket.end()));
  });
}

function draw(random: Random, { at, speaks, token, cookieEnding = '' }: Target): Buffer | Conversation {
  if (random.whole(0, 11) === 0) return noise(random);
  if (speaks === 'lines') return Buffer.from(`${controlLine(random)}\n`);
  const port = 'port' in at ? at.port : 0;
  return speaks === 'frames' || random.whole(0, 15) === 0
    ? drawConversation(random, port, token ?? null)
    : Buffer.from(httpRequest(random, port, cookieEnding));
}

const noise = (random: Random): Buffer =>
  Buffer.from(Array.from({ length: random.whole(0, 399) }, () => random.whole(0, 255)));

const METHODS = [
  'GET',
  'POST',
  'PUT',
  'HEAD',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'PRI',
  'get',
  'G\0ET',
  '',
] as const;
const PATHS = [
  '/',
  '//',
  '///',
  'http://[',
  'http://[/',
  '//[',
  '/\\',
  '*',
  '/%',
  '/%zz',
  '/%00',
  '/..%2f..',
  '/%2e%2e//',
  '?',
  '#',
  'http://',
  'https://evil.example/',
  '/fermata/enter',
  '/fermata/enter?ticket=%',
  '/fermata/enter?ticket=a&ticket=b',
  '/fermata/codec/decode',
  '/fermata/codec/encode',
  '/fermata/codec/decode/',
  '/api/ws',
  '/api/login',
  '/health',
  '/api/emergency/stop',
  '/api/auth/login',
  '/metrics',
  '/namespaces/%E0%A4%A/x',
  `/${'a'.repeat(3000)}`,
  '/api/trades?limit[]=1',
  '/api/trades?limit=1&limit=2',
  '/\u{1f4a5}',
  '/__proto__',
  '/api/desks/constructor/state',
  ' ',
  '',
] as const;
const BODIES = [
  '',
  '{',
  '[]',
  'null',
  '"\\ud800"',
  '{"__proto__":1}',
  '{"payloads":[{"data":7}]}',
  `${'['.repeat(20_000)}`,
  '\0\0\0',
  '{"username":"operator","password":"\\u0000"}',
  `{"reason":"${'\\ud83d'}"}`,
  '{"payloads":[{"metadata":{"encoding":"YmluYXJ5L3NlYWxlZA=="}}]}',
] as const;

function httpRequest(random: Random, port: number, cookieEnding: string): string {
  const host = random.pick([
    `127.0.0.1:${port}`,
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    'evil.example',
    '',
    '[',
    '\0',
  ]);
  const body = random.pick(BODIES);
  const headers = [
    `${random.pick(['Host', 'host', 'HOST'])}: ${host}`,
    ...(random.whole(0, 2) === 0 ? upgrade(random) : []),
    ...(random.whole(0, 2) === 0
      ? [`Origin: ${random.pick([`http://127.0.0.1:${port}`, 'null', '//', 'http://['])}`]
      : []),
    ...(random.whole(0, 2) === 0
      ? [`Content-Type: ${random.pick(['application/json', 'text/plain', 'x', ';', 'a/b; c="'])}`]
      : []),
    ...(random.whole(0, 3) === 0
      ? [
          `Cookie: ${random.pick(['=', ';;;', `fermata_refresh${cookieEnding}=.`, `fermata_temporal_ui${cookieEnding}=%`, 'a=b=c'])}`,
        ]
      : []),
    ...(random.whole(0, 3) === 0
      ? [`Authorization: ${random.pick(['Bearer', 'Bearer a.b.c', 'Basic x', 'Bearer \u00ff'])}`]
      : []),
    ...(random.whole(0, 5) === 0 ? ['Expect: 100-continue'] : []),
    ...(random.whole(0, 5) === 0 ? [`X-Long: ${'x'.repeat(random.whole(0, 19999))}`] : []),
    length(random, body),
  ];
  const version = random.pick(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9.9', '']);
  return `${random.pick(METHODS)} ${random.pick(PATHS)} ${version}\r\n${headers.join('\r\n')}\r\n\r\n${body}`;
}

function length(random: Random, body: string): string {
  const bytes = Buffer.byteLength(body);
  return random.pick([
    `Content-Length: ${bytes}`,
    `Content-Length: ${bytes}`,
    `Content-Length: ${bytes + 5}`,
    'Content-Length: -1',
    'Content-Length: 99999999999999999999',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: chunked, gzip',
  ]);
}

const upgrade = (random: Random): readonly string[] => [
  'Connection: Upgrade',
  `Upgrade: ${random.pick(['websocket', 'h2c', 'TLS/1.0', ''])}`,
  `Sec-WebSocket-Version: ${random.pick(['13', '99', 'x'])}`,
  `Sec-WebSocket-Key: ${random.pick(['dGhlIHNhbXBsZSBub25jZQ==', '', 'x'])}`,
];

function controlLine(random: Random): string {
  return random.pick([
    '',
    '{}',
    '[]',
    'null',
    '7',
    '"',
    '{"v":1}',
    '{"v":1,"id":1,"method":"status"}',
    '{"v":1,"id":1,"method":"__proto__","params":{}}',
    '{"v":1,"id":{},"method":"status","params":null}',
    '{"v":1,"id":1,"method":"who","params":[]}',
    '{"v":1,"id":1,"method":"bars","params":{"symbol":{},"count":-1}}',
    '{"v":2,"id":1,"method":"status","params":{}}',
    '{"v":1,"id":1,"method":"arm","params":{"haltId":"\\ud800"}}',
    '{"v":1,"id":1,"method":"toggle","params":{"strategy":"__proto__"}}',
    '{"v":1,"id":1,"method":"restart","params":{"name":"\\u0000"}}',
    '['.repeat(30_000),
    '\0'.repeat(50),
    `{"v":1,"id":1,"method":"${'x'.repeat(random.whole(0, 69999))}"}`,
  ]);
}
