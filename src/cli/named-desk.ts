/** The desk file that a command is about. */

import { stepPartsIn } from '../checks/registry.js';
import { ownFolderOf } from '../desk/paper-twin.js';
import { DEFAULT_DESK, folderNotice } from '../desk/resolve-desk.js';
import type { StepParts } from '../desk/step-parts.js';
import { resolveStartedDesk } from '../home/resolve-started-desk.js';
import { deskFolderOf, type Runtime, writtenFileOf } from '../home/runtime.js';

/**
 * The desk that `--desk` names, also one that was started here from elsewhere. Without it: the one that runs here, or
 * else the one that comes with Fermata.
 */
export function namedDeskFile(
  named: string | undefined,
  runtime: Pick<Runtime, 'deskFile' | 'writtenFile'> | null = null,
  meant?: (near: string) => string,
): string {
  // The running desk's file may have become a folder since its start.
  const name = named ?? (runtime === null ? DEFAULT_DESK : writtenFileOf(runtime));
  const file = resolveStartedDesk(name, meant);
  const notice = folderNotice(file);
  if (notice !== null) process.stderr.write(`! ${notice}\n`);
  return file;
}

/** Everything that its steps may name, including the checks of its own folder. */
export function stepPartsOf(
  file: string,
  runtime: Pick<Runtime, 'deskFile' | 'writtenFile' | 'deskFolder'> | null = null,
): StepParts {
  return stepPartsIn(
    runtime !== null && writtenFileOf(runtime) === file ? deskFolderOf(runtime) : ownFolderOf(file),
  );
}
