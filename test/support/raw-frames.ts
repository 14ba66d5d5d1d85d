/** WebSocket handshakes and frames that no client sends, drawn from a seed. */
import type { Random } from '../simulation/random.js';

export interface Conversation {
  /** The handshake, right or wrong. */
  readonly handshake: Buffer;
  /** Sent with it, or once it is answered. */
  readonly frames: Buffer;
  readonly together: boolean;
  /** The handshake is right: a server takes it, however busy it is. */
  readonly right: boolean;
  /** The first frame signs somebody in. */
  readonly signsIn: boolean;
}

const PATHS = [
  '/api/ws',
  '/api/ws',
  '/api/ws',
  '/api/ws',
  '/',
  '/namespaces',
  '//',
  '/api/ws/..',
  '/fermata/enter',
] as const;

export function drawConversation(
  random: Random,
  port: number | undefined,
  token: string | null,
): Conversation {
  const count = random.whole(1, 6);
  const frames = Array.from({ length: count }, () => drawFrame(random));
  // Somebody who is signed in sends garbage as well as a stranger.
  const signIn =
    token !== null && random.chance(0.5) ? [textFrame(JSON.stringify({ type: 'auth', token }))] : [];
  const right = random.chance(0.5);
  return {
    handshake: Buffer.from(handshake(random, port, right), 'latin1'),
    frames: Buffer.concat([...signIn, ...frames]),
    together: random.chance(0.5),
    right,
    signsIn: signIn.length > 0,
  };
}

/** Half of them are right, so that frames arrive where frames are read. */
function handshake(random: Random, port: number | undefined, right: boolean): string {
  const one = (good: string, ...bad: readonly string[]): string =>
    right ? good : random.pick([good, ...bad]);
  const lines = [
    `${one('GET', 'POST', 'get', 'CONNECT')} ${right ? '/api/ws' : random.pick(PATHS)} ${one('HTTP/1.1', 'HTTP/1.0', 'HTTP/3')}`,
    `Host: ${one(`127.0.0.1:${port}`, 'evil.example', '')}`,
    `Connection: ${one('Upgrade', 'keep-alive, Upgrade', 'close', 'Upgrade, Upgrade')}`,
    `Upgrade: ${one('websocket', 'WebSocket', 'h2c', 'websocket, h2c')}`,
    `Sec-WebSocket-Version: ${one('13', '8', '-1', '13, 13', '')}`,
    `Sec-WebSocket-Key: ${one('dGhlIHNhbXBsZSBub25jZQ==', 'dGhl', '=', '\xff\xfe', 'a'.repeat(5_000))}`,
    ...(right
      ? []
      : random.pick([
          [],
          ['Sec-WebSocket-Protocol: ,,'],
          ['Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99'],
          ['Sec-WebSocket-Extensions: ;;,='],
          ['Content-Length: 5'],
          ['Transfer-Encoding: chunked'],
          ['Origin: http://evil.example'],
          ['Origin: null'],
        ])),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

const OPCODES = [0, 1, 1, 1, 2, 3, 7, 8, 9, 10, 11, 15] as const;

function drawFrame(random: Random): Buffer {
  const payload = drawPayload(random);
  return frame({
    first: (random.chance(0.7) ? 0x80 : 0) | (random.chance(0.1) ? random.pick([0x40, 0x20, 0x10, 0x70]) : 0),
    opcode: random.pick(OPCODES),
    masked: random.chance(0.8),
    payload,
    length: random.chance(0.8) ? 'as it is' : random.pick(['more', 'huge', 'negative', 'long form'] as const),
  });
}

function textFrame(text: string): Buffer {
  return frame({ first: 0x80, opcode: 1, masked: true, payload: Buffer.from(text), length: 'as it is' });
}

interface Frame {
  /** FIN and the reserved bits. */
  readonly first: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Buffer;
  readonly length: 'as it is' | 'more' | 'huge' | 'negative' | 'long form';
}

const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

function frame({ first, opcode, masked, payload, length }: Frame): Buffer {
  const bit = masked ? 0x80 : 0;
  const head = [Buffer.from([first | opcode])];
  const said = length === 'more' ? payload.length + 70 : payload.length;
  if (length === 'huge' || length === 'negative' || length === 'long form') {
    const eight = Buffer.alloc(8);
    eight.writeBigUInt64BE(
      { huge: 1n << 40n, negative: (1n << 64n) - 1n, 'long form': BigInt(said) }[length],
    );
    head.push(Buffer.from([bit | 127]), eight);
  } else if (said > 125) {
    const short = Buffer.alloc(said > 0xffff ? 8 : 2);
    if (said > 0xffff) short.writeBigUInt64BE(BigInt(said));
    else short.writeUInt16BE(said);
    head.push(Buffer.from([bit | (said > 0xffff ? 127 : 126)]), short);
  } else {
    head.push(Buffer.from([bit | said]));
  }
  if (!masked) return Buffer.concat([...head, payload]);
  return Buffer.concat([...head, MASK, payload.map((byte, at) => byte ^ (MASK[at % 4] ?? 0))]);
}

function drawPayload(random: Random): Buffer {
  return random.pick<() => Buffer>([
    () => Buffer.alloc(0),
    () => Buffer.from('{"type":"auth","token":"a.b.c"}'),
    () => Buffer.from('{"type":"auth","token":"\\ud800"}'),
    () => Buffer.from('{"type":"auth","token":{}}'),
    () => Buffer.from('{"type":"__proto__","token":"\\u0000"}'),
    () => Buffer.from('null'),
    () => Buffer.from('{'),
    () => Buffer.from('['.repeat(20_000)),
    () => Buffer.alloc(50),
    // Half of a surrogate pair, an overlong NUL, and what is no UTF-8 at all.
    () => Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
    () => Buffer.from([0xc0, 0x80]),
    () => Buffer.from([0xff, 0xfe, 0xfd]),
    // Reasons of an end: codes that may not be sent, and half of one.
    () => Buffer.from([0x03, 0xed]),
    () => Buffer.from([0xff, 0xff, 0x00]),
    () => Buffer.from([0x03]),
    () => Buffer.alloc(random.whole(120, 140), 'x'),
    () => Buffer.alloc(random.whole(8_000, 9_000), 'x'),
    () => Buffer.alloc(70_000, 'x'),
  ])();
}
