/**
 * Copies a desk that has strategies or playbooks of its own as it was started, so that a role that restarts never
 * reads a draft.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { keepOwnFiles } from '../desk/keep-own-files.js';
import type { LoadedDesk } from '../desk/load.js';
import { ownFiles } from '../desk/own-strategies.js';
import type { Runtime } from './runtime.js';

/** `run`: that folder of the home. Only for a caller that has made sure that no desk runs there. */
export function keepStartedDesk(
  run: string,
  { desk, file, text }: LoadedDesk,
): Pick<Runtime, 'deskFile' | 'writtenFile'> {
  const folder = join(run, 'started');
  rmSync(folder, { recursive: true, force: true });
  if (ownFiles(desk).length === 0) return { deskFile: resolve(file) };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  keepOwnFiles(folder, desk);
  const deskFile = join(folder, 'desk.yaml');
  writeFileSync(deskFile, text, { mode: 0o600 });
  return { deskFile, writtenFile: resolve(file) };
}
