/**
 * Fetches or builds the Temporal server before the first test, once for a machine: it can take minutes, which no test
 * should wait for within its own time.
 */
import { resolveTemporal } from '../../src/supervisor/temporal/resolve-temporal.js';

export default async function setup(): Promise<void> {
  await resolveTemporal({
    env: { ...process.env, TEMPORAL_ADDRESS: '' },
    onProgress: (progress) => {
      if (progress.kind === 'line') console.log(progress.text);
    },
  });
}
