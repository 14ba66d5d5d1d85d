/** Which backups are kept, and where they go besides this machine. */
import { z } from 'zod';
import { environmentName } from './notify-schema.js';
import { BUCKET, BUCKET_EXPECTED } from './schema-values.js';

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])$/;

/** The archives are sealed and the access key only signs, but nothing is sent in the clear anyway. */
function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, username } = new URL(text);
  const isOpen = protocol === 'http:' && LOOPBACK.test(hostname);
  return (protocol === 'https:' || isOpen) && pathname === '/' && search === '' && username === '';
}

const s3Schema = z.strictObject({
  endpoint: z
    .string()
    .max(300)
    .refine(
      isAddress,
      'expected an address that begins with https://, without a path; http:// on this machine only',
    )
    .describe('Address of the storage, for example `https://s3.eu-central-1.amazonaws.com`.'),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,50}$/, 'expected a region, for example eu-central-1')
    .default('us-east-1')
    .describe('Its region; storage outside AWS mostly accepts any.'),
  bucket: z.string().regex(BUCKET, `expected ${BUCKET_EXPECTED}`).describe('The bucket, which must exist.'),
  prefix: z
    .string()
    .max(200)
    .regex(/^([\w.-]+\/)*$/, 'expected folders with a slash at the end, for example fermata/, or nothing')
    .default('fermata/')
    .describe('Prefix of object names; the desk’s name and the backup’s id follow.'),
  accessKeyEnv: environmentName
    .default('AWS_ACCESS_KEY_ID')
    .describe(
      'Variable that holds the access key; `<name>_FILE` names a file with it. Never the key itself.',
    ),
  secretKeyEnv: environmentName
    .default('AWS_SECRET_ACCESS_KEY')
    .describe('Variable that holds its secret key, likewise.'),
});

export const backupSchema = z.strictObject({
  keep: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(14)
    .describe(
      'How many backups are kept of those without a tag, and of each tag separately; older ones are removed once a newer one is verified.',
    ),
  days: z
    .number()
    .int()
    .min(1)
    .max(3660)
    .optional()
    .describe(
      'Days after which a backup is deleted whatever `keep` says, except those tagged `monthly`, the newest of all and the newest of last month.',
    ),
  s3: s3Schema
    .optional()
    .describe('S3-compatible storage for copies away from this machine, which are encrypted and signed.'),
});
