/** Frames of the TWS protocol: a length of four bytes, then fields that each end in a NUL. */

/** The limit of the vendor's clients; a longer length means that the stream is out of step. */
export const FRAME_MAX = 0xffffff;
const PREFIX = Buffer.from('API\0', 'latin1');
const LENGTH_BYTES = 4;

/** No server can continue reading after this: the connection ends. */
export class BrokenFrame extends Error {}

export interface Greeting {
  readonly oldest: number;
  readonly newest: number;
}

export function encodeFrame(fields: readonly string[]): Buffer {
  const body = Buffer.from(fields.map((field) => `${field}\0`).join(''), 'utf8');
  const frame = Buffer.alloc(LENGTH_BYTES + body.length);
  frame.writeInt32BE(body.length);
  body.copy(frame, LENGTH_BYTES);
  return frame;
}

/** Takes bytes as they come, split anywhere. The first frame is the greeting with its prefix; it has no NULs. */
export class FrameReader {
  #kept = Buffer.alloc(0);
  #greeted = false;

  /** Returns the greeting and the frames that these bytes complete. */
  push(chunk: Buffer): {
    readonly greeting: Greeting | null;
    readonly frames: readonly (readonly string[])[];
  } {
    this.#kept = Buffer.concat([this.#kept, chunk]);
    const greeting = this.#greeted ? null : this.#greeting();
    const frames: string[][] = [];
    if (this.#greeted) {
      for (let body = this.#body(); body !== null; body = this.#body()) frames.push(fieldsOf(body));
    }
    return { greeting, frames };
  }

  #greeting(): Greeting | null {
    const seen = this.#kept.subarray(0, PREFIX.length);
    if (!PREFIX.subarray(0, seen.length).equals(seen)) throw new BrokenFrame('the greeting begins with API');
    if (seen.length < PREFIX.length) return null;
    const body = this.#body(PREFIX.length);
    if (body === null) return null;
    this.#greeted = true;
    const match = /^v(\d{1,4})(?:\.\.(\d{1,4}))?(?: .*)?$/.exec(body.toString('latin1'));
    if (match === null) throw new BrokenFrame('the greeting names no versions');
    const oldest = Number(match[1]);
    return { oldest, newest: match[2] === undefined ? oldest : Number(match[2]) };
  }

  #body(from = 0): Buffer | null {
    if (this.#kept.length < from + LENGTH_BYTES) return null;
    const length = this.#kept.readInt32BE(from);
    if (length < 1 || length > FRAME_MAX) throw new BrokenFrame(`a frame of ${length} bytes`);
    const end = from + LENGTH_BYTES + length;
    if (this.#kept.length < end) return null;
    const body = this.#kept.subarray(from + LENGTH_BYTES, end);
    this.#kept = this.#kept.subarray(end);
    return body;
  }
}

function fieldsOf(body: Buffer): string[] {
  if (body[body.length - 1] !== 0) throw new BrokenFrame('a frame whose last field does not end');
  return body.subarray(0, -1).toString('utf8').split('\0');
}
