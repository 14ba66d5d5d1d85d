import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { OPTIONS_NEEDED, TEMPORAL_SERVER_MINIMUM } from './server-options.js';

const run = promisify(execFile);
const TIMEOUT_MS = 10_000;

export type Examination =
  | { readonly usable: true; readonly serverVersion: string }
  | { readonly usable: false; readonly why: string };

/** A `temporal` is usable if its server is new enough and it knows every option that we pass. */
export async function examineBinary(path: string): Promise<Examination> {
  try {
    const version = await run(path, ['--version'], { timeout: TIMEOUT_MS });
    // The program's own version is 0.0.0-DEV if it was built from source: only the server's counts.
    const found = /Server (\d+)\.(\d+)\.(\d+)/.exec(version.stdout);
    if (!found) return { usable: false, why: 'it does not say which server it contains' };
    const [major, minor] = TEMPORAL_SERVER_MINIMUM;
    const serverVersion = `${found[1]}.${found[2]}.${found[3]}`;
    if (Number(found[1]) < major || (Number(found[1]) === major && Number(found[2]) < minor)) {
      return {
        usable: false,
        why: `its server is ${serverVersion}, and ${major}.${minor} or newer is needed`,
      };
    }
    const help = await run(path, ['server', 'start-dev', '--help'], { timeout: TIMEOUT_MS });
    const text = `${help.stdout}\n${help.stderr}`;
    const missing = OPTIONS_NEEDED.filter((option) => !text.includes(`${option} `));
    if (missing.length > 0) return { usable: false, why: `it does not know ${missing.join(', ')}` };
    return { usable: true, serverVersion };
  } catch (error) {
    const text = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { usable: false, why: `it does not run (${text})` };
  }
}
