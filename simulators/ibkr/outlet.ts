/** The messages to one client, and what faults do to them on the way. */
import type { Socket } from 'node:net';
import type { AnswerEffect } from './faults.js';
import { encodeFrame } from './wire/frames.js';

export class Outlet {
  /** Set while a request is handled whose answer must never come. */
  silent = false;
  /** The connection stays open, but nothing passes any more. */
  dead = false;
  readonly #socket: Socket;
  readonly #effectOn: (id: number) => AnswerEffect | null;
  readonly #pieceBytes: () => number | null;
  readonly #latencyMs: () => number;
  readonly #behind: Buffer[] = [];
  readonly #pieces: Buffer[] = [];
  #writing = false;

  constructor(
    socket: Socket,
    faults: {
      effectOn: (id: number) => AnswerEffect | null;
      pieceBytes: () => number | null;
      latencyMs: () => number;
    },
  ) {
    this.#socket = socket;
    this.#effectOn = faults.effectOn;
    this.#pieceBytes = faults.pieceBytes;
    this.#latencyMs = faults.latencyMs;
  }

  /** `write`: makes the message's fields, with the values that a fault replaces. */
  send(id: number, write: (said: Readonly<Record<string, string>>) => readonly string[]): void {
    if (this.silent) return;
    const effect = this.#effectOn(id);
    if (effect?.kind === 'lose') return;
    const fields = write(effect?.kind === 'say' ? effect.fields : {});
    const frame = encodeFrame(effect?.kind === 'short' ? fields.slice(0, -1) : fields);
    if (effect?.kind === 'swap') {
      this.#behind.push(frame);
      return;
    }
    if (effect?.kind === 'late') {
      setTimeout(() => this.#write(frame), effect.ms).unref();
      return;
    }
    if (effect?.kind === 'break') {
      this.#socket.write(frame.subarray(0, Math.floor(frame.length / 2)), () => this.#socket.destroy());
      return;
    }
    this.#write(frame);
    if (effect?.kind === 'double') this.#write(frame);
    for (const one of this.#behind.splice(0)) this.#write(one);
  }

  #write(frame: Buffer): void {
    const latencyMs = this.#latencyMs();
    if (latencyMs > 0) setTimeout(() => this.#put(frame), latencyMs).unref();
    else this.#put(frame);
  }

  #put(frame: Buffer): void {
    if (this.dead || !this.#socket.writable) return;
    const size = this.#pieceBytes();
    if (size === null && !this.#writing) {
      this.#socket.write(frame);
      return;
    }
    for (let at = 0; at < frame.length; at += size ?? frame.length)
      this.#pieces.push(frame.subarray(at, at + (size ?? frame.length)));
    if (!this.#writing) this.#writeNext();
  }

  /** Writes each piece separately, so it arrives as a piece. */
  #writeNext(): void {
    const piece = this.#pieces.shift();
    this.#writing = piece !== undefined;
    if (piece === undefined || !this.#socket.writable) return;
    this.#socket.write(piece, () => setImmediate(() => this.#writeNext()));
  }
}
