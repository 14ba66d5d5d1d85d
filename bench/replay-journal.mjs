// `node bench/replay-journal.mjs FOLDER RECORDS`: replays a journal with the built trader's own code, and prints one JSON line.
import { applyRecord } from '../dist/engine/apply-record.js';
import { createState } from '../dist/engine/state.js';
import { stateHash } from '../dist/engine/state-hash.js';
import { replayJournal } from '../dist/trader/journal/read-journal.js';

const [directory, records] = process.argv.slice(2);
const state = createState();
const beganMs = performance.now();
const before = process.cpuUsage();
await replayJournal({ directory, lastSequence: Number(records) }, (record) => applyRecord(state, record));
const seconds = (performance.now() - beganMs) / 1000;
const { user, system } = process.cpuUsage(before);
const processorSeconds = (user + system) / 1e6;
const peakMebibytes = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ seconds, processorSeconds, peakMebibytes, stateHash: stateHash(state) }));
