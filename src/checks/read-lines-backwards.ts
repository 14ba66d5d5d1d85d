import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** Lines of a text file, last one first, in bounded memory: a line longer than a block comes in pieces. */
export async function* readLinesBackwards(path: string): AsyncGenerator<string> {
  const file = await open(path, 'r');
  try {
    let end = (await file.stat()).size;
    let rest: Buffer = Buffer.alloc(0);
    while (end > 0) {
      const length = Math.min(BLOCK_BYTES, end);
      const block = Buffer.alloc(length);
      await file.read(block, 0, length, end - length);
      end -= length;
      const bytes = Buffer.concat([block, rest]);
      let upTo = bytes.length;
      for (
        let at = bytes.lastIndexOf(NEWLINE);
        at >= 0;
        at = at > 0 ? bytes.lastIndexOf(NEWLINE, at - 1) : -1
      ) {
        if (at + 1 < upTo) yield bytes.toString('utf8', at + 1, upTo);
        upTo = at;
      }
      rest = bytes.subarray(0, upTo);
      if (rest.length > BLOCK_BYTES) {
        yield rest.toString('utf8');
        rest = Buffer.alloc(0);
      }
    }
    if (rest.length > 0) yield rest.toString('utf8');
  } finally {
    await file.close();
  }
}

/** The same for a log and its rotated files (`.1`, `.2` …): a log may have been rotated a moment ago. */
export async function* readLogBackwards(path: string): AsyncGenerator<string> {
  if (existsSync(path)) yield* readLinesBackwards(path);
  for (let number = 1; existsSync(`${path}.${number}`); number += 1)
    yield* readLinesBackwards(`${path}.${number}`);
}
