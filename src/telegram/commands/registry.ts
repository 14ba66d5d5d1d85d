/** Every command of a linked person. A new one is a file and a line. */
import { closeAllCommand } from './close-all.js';
import type { ChatCommand } from './command.js';
import { helpCommand } from './help.js';
import { incidentCommand } from './incident.js';
import { resumeCommand } from './resume.js';
import { statusCommand } from './status.js';
import { stopCommand } from './stop.js';

export const CHAT_COMMANDS: readonly ChatCommand[] = [
  statusCommand,
  stopCommand,
  closeAllCommand,
  resumeCommand,
  incidentCommand,
  helpCommand,
];
