import { createHash } from 'node:crypto';

/** Counts and hashes the bytes that pass through. */
export class Tally {
  bytes = 0;
  readonly #hash = createHash('sha256');

  async *of(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.#hash.update(chunk);
      this.bytes += chunk.length;
      yield chunk;
    }
  }

  /** Hex; call once, at the end. */
  sha256(): string {
    return this.#hash.digest('hex');
  }
}
