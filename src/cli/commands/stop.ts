import type { Command } from 'commander';
import { type ActOptions, actOptions } from '../act-on-desk.js';
import { emergency } from '../emergency.js';

const TIMEOUT_SECONDS = 20;

export function stopCommand(command: Command): void {
  actOptions(command, TIMEOUT_SECONDS).action(async (options: ActOptions) => {
    process.exitCode = await emergency('stop', options);
  });
}
