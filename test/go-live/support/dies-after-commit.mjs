// Keeps evidence as a worker does, from the sources, and is killed before it can say so.
import pg from 'pg';
import { register } from 'tsx/esm/api';

register();
const { createEvidenceActivities } = await import('../../../src/activities/create-emergency-activities.ts');
process.once('message', async ({ connection, run, steps }) => {
  await createEvidenceActivities(new pg.Pool(connection)).recordEvidenceBatch(run, steps);
  process.kill(process.pid, 'SIGKILL');
});
process.send('ready');
