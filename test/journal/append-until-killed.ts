/** Appends without end and prints each sequence once it is acknowledged. Arguments: folder, segment size. */
import { writeSync } from 'node:fs';
import { openJournal } from '../../src/trader/journal/open-journal.js';

const [directory, segmentBytesMax] = process.argv.slice(2);
const { journal } = await openJournal({ directory: directory!, segmentBytesMax: Number(segmentBytesMax) });
writeSync(1, `open ${journal.lastSequence}\n`);
for (;;) {
  let sequence = 0;
  for (let index = 0; index < 7; index += 1) {
    const text = `record ${journal.lastSequence + 1} ${'x'.repeat(index * 50)}`;
    sequence = journal.append(
      { type: 'note', level: 'info', text, strategy: null, symbol: null, marketMs: 0 },
      0,
    );
  }
  await journal.whenDurable(sequence);
  writeSync(1, `safe ${sequence}\n`);
}
