/** What hours of running came to is kept, also where somebody ends them: `.kept/<name>` of the checkout, begun anew each time. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export function keptFolder(name: string): string {
  const folder = join(ROOT, '.kept', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
