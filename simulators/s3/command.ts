/** `npm run simulator -- s3`: options, help, and what is printed at the start. */
import { parseArgs } from 'node:util';
import { DEFAULT_KEYS, startS3Simulator } from './start.js';

const HELP = `S3-compatible storage on the loopback address, in memory. Its keys are worth nothing anywhere else.

npm run simulator -- s3 [--port 9083] [--bucket NAME]… [--region us-east-1]
${DEFAULT_KEYS.map(({ id, secret, may }) => `  access key ${id}, secret ${secret}: may ${may}`).join('\n')}
  a desk uses it with backup.s3: { endpoint: "http://127.0.0.1:9083", bucket: backups }
`;

/** Exit code 2 on usage errors; runs until it is ended. */
export async function runS3Command(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string', default: '9083' },
      bucket: { type: 'string', multiple: true, default: ['backups'] },
      region: { type: 'string', default: 'us-east-1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (!/^\d{1,5}$/.test(values.port))
    throw new TypeError(`--port: expected a whole number, found ${values.port}`);
  const { port, bucket: buckets, region } = values;
  const simulator = await startS3Simulator({ port: Number(port), buckets, region });
  process.stdout.write(`S3 simulator at ${simulator.endpoint} (--help lists keys)\n`);
  const end = () => void simulator.close().then(() => process.exit(0));
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}
