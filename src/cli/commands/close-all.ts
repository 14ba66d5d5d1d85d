import type { Command } from 'commander';
import { type ActOptions, actOptions } from '../act-on-desk.js';
import { emergency } from '../emergency.js';

/** Longer than the desk file's deadline, after which the trader escalates by name. */
const TIMEOUT_SECONDS = 60;

export function closeAllCommand(command: Command): void {
  actOptions(command, TIMEOUT_SECONDS).action(async (options: ActOptions) => {
    process.exitCode = await emergency('closeAll', options);
  });
}
