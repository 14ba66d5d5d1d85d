/** Names a recording by its content: a file that was moved is the same one, a file that was changed is another. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Instrument } from '../../domain/instrument.js';

const LENGTH = 16;

export interface IdentifiedFile {
  readonly file: string;
  readonly instrument: Pick<Instrument, 'symbol'>;
}

export async function recordingIdentity(files: readonly IdentifiedFile[]): Promise<string> {
  const whole = createHash('sha256');
  for (const { file, instrument } of files) {
    const content = createHash('sha256');
    await pipeline(createReadStream(file), content);
    whole.update(`${instrument.symbol} ${content.digest('hex')}\n`);
  }
  return `recorded-${whole.digest('hex').slice(0, LENGTH)}`;
}
