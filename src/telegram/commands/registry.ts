/** Every command for linked people. A new one is a file and a line here. */
import { chartCommand } from './chart.js';
import { closeAllCommand } from './close-all.js';
import { type ChatCommand, inTurn } from './command.js';
import { helpWith } from './help.js';
import { incidentCommand } from './incident.js';
import { dailyCommand, profitCommand, tradesCommand } from './results.js';
import { resumeCommand } from './resume.js';
import { statusCommand } from './status.js';
import { stopCommand } from './stop.js';

const COMMANDS: readonly ChatCommand[] = [
  statusCommand,
  stopCommand,
  closeAllCommand,
  resumeCommand,
  incidentCommand,
  ...[profitCommand, dailyCommand, tradesCommand, chartCommand].map(inTurn),
];

export const CHAT_COMMANDS: readonly ChatCommand[] = [...COMMANDS, helpWith(COMMANDS)];
