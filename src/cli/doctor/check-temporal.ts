import { access, constants } from 'node:fs/promises';
import { Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import { cachedBinary } from '../../supervisor/temporal/cache.js';
import { examineBinary } from '../../supervisor/temporal/examine-binary.js';
import { type DoctorContext, type Finding, finding } from './finding.js';

const CONNECT_TIMEOUT_MS = 2000;
const EXPECTED = 'FERMATA_TEMPORAL=external, a temporal on PATH, one kept from before, or Go to build one';

/** Only looks: `fermata up` downloads what is missing and shows its progress. */
export async function checkTemporal({ env }: DoctorContext): Promise<Finding> {
  const address = env.FERMATA_TEMPORAL === 'external' ? env.TEMPORAL_ADDRESS : undefined;
  if (address !== undefined && address !== '') {
    const answers = await canConnect(address);
    const advice = 'start that server, or FERMATA_TEMPORAL=managed to use one of our own';
    const observed = `${address} ${answers ? 'answers' : 'does not answer'}`;
    return finding('Temporal', answers ? 'pass' : 'fail', observed, EXPECTED, advice);
  }
  const skipped: string[] = [];
  for (const path of [await onPath('temporal', env), cachedBinary(env)]) {
    if (path === null || !(await isExecutable(path))) {
      continue;
    }
    const examined = await examineBinary(path);
    if (examined.usable) {
      const observed = `${path}, server ${examined.serverVersion}`;
      return finding('Temporal', 'pass', observed, EXPECTED, '');
    }
    skipped.push(`${path}: ${examined.why}`);
  }
  const go = await onPath('go', env);
  const observed = [...skipped, `none here; ${go === null ? 'no Go' : 'Go is there'}`].join('; ');
  const advice =
    'the first `fermata up` downloads it or builds it with Go (needs the network once); or put Temporal CLI 1.5 on PATH';
  return finding('Temporal', 'warn', observed, EXPECTED, advice);
}

async function onPath(program: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const folder of (env.PATH ?? '').split(delimiter).filter((part) => part !== '')) {
    if (await isExecutable(join(folder, program))) {
      return join(folder, program);
    }
  }
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function canConnect(address: string): Promise<boolean> {
  const [host = '', port = '7233'] = address.split(':');
  const socket = new Socket();
  return new Promise<boolean>((resolve) => {
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => resolve(false));
    socket.once('error', () => resolve(false));
    socket.connect(Number(port), host, () => resolve(true));
  }).finally(() => socket.destroy());
}
