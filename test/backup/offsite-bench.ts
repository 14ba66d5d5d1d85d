/** Storage of another machine, by the simulator and the real client, and what a desk says about it. */
import { randomBytes } from 'node:crypto';
import type { S3Simulator } from '../../simulators/s3/start.js';
import { DEFAULT_KEYS, startS3Simulator } from '../../simulators/s3/start.js';
import { type OffsitePlace, openStorage, type StorageSettings } from '../../src/backup/offsite/storage.js';

export const BUCKET = 'desk-backups';
const [WRITER, READER] = DEFAULT_KEYS;

/** Named by the settings below. */
export const KEYS = {
  TEST_ACCESS_KEY: WRITER?.id,
  TEST_SECRET_KEY: WRITER?.secret,
} as const;
export const READING_KEYS = {
  TEST_ACCESS_KEY: READER?.id,
  TEST_SECRET_KEY: READER?.secret,
} as const;

export const settingsOf = ({ endpoint, region }: S3Simulator): StorageSettings => ({
  ...{ endpoint, region, bucket: BUCKET, prefix: 'fermata/' },
  ...{ accessKeyEnv: 'TEST_ACCESS_KEY', secretKeyEnv: 'TEST_SECRET_KEY' },
});

/** Two objects a page: a list of a backup's own takes several. */
export const startOffsite = (): Promise<S3Simulator> =>
  startS3Simulator({ buckets: [BUCKET], region: 'eu-test-1', pageSize: 2 });

export async function placeAt(
  simulator: S3Simulator,
  desk: string,
  secret = randomBytes(32).toString('hex'),
): Promise<OffsitePlace> {
  const storage = await openStorage(settingsOf(simulator), KEYS);
  return { storage, prefix: 'fermata/', desk, secret };
}

export const objectsOf = (simulator: S3Simulator) => {
  const bucket = simulator.buckets.get(BUCKET);
  if (bucket === undefined) throw new TypeError('no bucket');
  return bucket;
};
