/** Identifies this installation whatever the machine is called: a recreated container has another host name. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

const FILE = 'home-id';
const ID = /^[0-9a-f]{24}$/;

/** Made once. If the folder can't be written, the host name is used. */
export function homeId(home: string): string {
  const path = join(home, FILE);
  try {
    mkdirSync(home, { recursive: true });
    writeFileSync(path, `${randomBytes(12).toString('hex')}\n`, { flag: 'wx', mode: 0o600 });
  } catch {
    // It exists already, or can't be made.
  }
  try {
    const id = readFileSync(path, 'utf8').trim();
    if (ID.test(id)) return id;
  } catch {
    // Falls back to the host name.
  }
  return hostname();
}
