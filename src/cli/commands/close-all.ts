import type { Command } from 'commander';
import { type UrgentOptions, urgentOptions } from '../act-on-desk.js';
import { emergency } from '../emergency.js';

/** Longer than the desk file's deadline, after which the trader escalates and names what is still open. */
const TIMEOUT_SECONDS = 60;

export function closeAllCommand(command: Command): void {
  urgentOptions(command, TIMEOUT_SECONDS).action(async (options: UrgentOptions) => {
    process.exitCode = await emergency('closeAll', options);
  });
}
