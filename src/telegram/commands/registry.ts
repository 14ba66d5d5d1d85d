/** Every command for linked people. A new one is a file and a line here. */
import { chartCommand } from './chart.js';
import { closeAllCommand } from './close-all.js';
import type { ChatCommand } from './command.js';
import { dailyCommand } from './daily.js';
import { helpCommand } from './help.js';
import { inTurn } from './in-turn.js';
import { incidentCommand } from './incident.js';
import { profitCommand } from './profit.js';
import { resumeCommand } from './resume.js';
import { statusCommand } from './status.js';
import { stopCommand } from './stop.js';
import { tradesCommand } from './trades.js';

export const CHAT_COMMANDS: readonly ChatCommand[] = [
  statusCommand,
  stopCommand,
  closeAllCommand,
  resumeCommand,
  incidentCommand,
  ...[profitCommand, dailyCommand, tradesCommand, chartCommand].map(inTurn),
  helpCommand,
];
