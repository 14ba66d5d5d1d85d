/** The framing of every socket of ours: lines. Never holds more than one frame's worth of an unfinished line. */
import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

export class FrameTooLarge extends Error {
  override readonly name = 'FrameTooLarge';
}

export class FrameReader {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(readonly charactersMax: number) {}

  /** Whole lines without their line ends. Throws `FrameTooLarge`; the stream is then unusable. */
  push(chunk: Buffer): readonly string[] {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > this.charactersMax || lines.some((line) => line.length > this.charactersMax)) {
      throw new FrameTooLarge(`a frame is larger than ${this.charactersMax} characters`);
    }
    return lines.filter((line) => line.trim() !== '');
  }
}

/** Calls `onLine` for each line. Whoever sends a longer one is disconnected, unless `onTooLong` does it otherwise. */
export function readLines(
  socket: Socket,
  charactersMax: number,
  onLine: (line: string) => void,
  onTooLong: () => void = () => socket.destroy(),
): void {
  const frames = new FrameReader(charactersMax);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const line of frames.push(chunk)) onLine(line);
    } catch (error) {
      if (!(error instanceof FrameTooLarge)) throw error;
      onTooLong();
    }
  });
}
