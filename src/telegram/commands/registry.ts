/** Every command for linked people. A new one is a file and a line here. */
import { chartCommand } from './chart.js';
import { type ChatCommand, inTurn } from './command.js';
import { dailyCommand, profitCommand, tradesCommand } from './results.js';
import { helpWith, incidentCommand, statusCommand } from './status.js';
import { closeAllCommand, resumeCommand, stopCommand } from './stop.js';

const COMMANDS: readonly ChatCommand[] = [
  statusCommand,
  stopCommand,
  closeAllCommand,
  resumeCommand,
  incidentCommand,
  ...[profitCommand, dailyCommand, tradesCommand, chartCommand].map(inTurn),
];

export const CHAT_COMMANDS: readonly ChatCommand[] = [...COMMANDS, helpWith(COMMANDS)];
