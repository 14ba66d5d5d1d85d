/** Checks the first rows of each recording before anything is started; the trader reads the rest. */
import type { Desk } from '../desk/schema.js';
import { checkRecording, type RecordingRequest } from '../market/recorded/check-recording.js';
import { DataFileError } from '../market/recorded/data-file-error.js';
import { buildInstruments } from '../trader/engine-config.js';
import { usageFailure } from './failure.js';

const ROWS_MAX = 10_000;

export async function checkRecordings(files: readonly RecordingRequest[], desk: Desk): Promise<void> {
  try {
    await checkRecording(files, buildInstruments(desk), ROWS_MAX);
  } catch (error) {
    if (!(error instanceof DataFileError)) throw error;
    const { doThis } = error.problem;
    throw usageFailure(error.message.replace(` ${doThis}`, ''), doThis);
  }
}
