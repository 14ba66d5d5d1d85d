/** One handshake of a WebSocket with what follows it; only looks how far it came. */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { Conversation } from './raw-frames.js';

const ANSWER_CHARS_MAX = 2_000;
/** What a right handshake and a right sign-in wait for is awaited, on a busy machine too: else no frame is read as one. */
const RIGHT_ANSWER_WAIT_MS = 15_000;

export interface RawRequestsSent {
  sent: number;
  /** Handshakes of a WebSocket with frames behind them. */
  conversations: number;
  /** Of those: taken by the server, so that the frames were read as such. */
  upgraded: number;
  /** Of those: signed in when the garbage came. */
  welcomed: number;
}

/** A handshake with frames, at once or after its answer; ended as the others are, but for answers that are looked at. */
export function converse(
  at: NetConnectOpts,
  { handshake, frames, together, right, signsIn }: Conversation,
  ending: number,
  waitMs: number,
  counts: RawRequestsSent,
): Promise<void> {
  counts.conversations += 1;
  return new Promise((resolve) => {
    const socket: Socket = connect({ ...at, allowHalfOpen: false } as NetConnectOpts);
    const endWithin = (ms: number) => setTimeout(() => socket.destroy(), ms);
    let timer = endWithin(right ? RIGHT_ANSWER_WAIT_MS : waitMs);
    let answer = '';
    socket.once('close', () => {
      clearTimeout(timer);
      if (answer.startsWith('HTTP/1.1 101')) counts.upgraded += 1;
      if (isWelcomed(answer)) counts.welcomed += 1;
      resolve();
    });
    socket.on('error', () => undefined);
    socket.once('connect', () => {
      socket.write(together ? Buffer.concat([handshake, frames]) : handshake);
      if (together && ending === 0) socket.end();
    });
    socket.on('data', (bytes) => {
      if (answer === '' && !together)
        socket.write(frames, () => void (ending === 1 && socket.resetAndDestroy()));
      answer = `${answer}${bytes.toString('latin1')}`.slice(0, ANSWER_CHARS_MAX);
      const awaited = right && signsIn && !isWelcomed(answer);
      clearTimeout(timer);
      timer = endWithin(awaited ? RIGHT_ANSWER_WAIT_MS : waitMs);
    });
  });
}

const isWelcomed = (answer: string): boolean => answer.includes('"type":"welcome"');
