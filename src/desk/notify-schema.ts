/** Who is told, and by what way. */
import { z } from 'zod';

export const NOTICE_EVENTS = [
  'halt',
  'armed',
  'fill',
  'routine',
  'incident',
  'task',
  'report',
  'warning',
  'setup',
  'order',
  'system',
] as const;

export const environmentName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'expected the name of an environment variable in capitals');

const telegramSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('`false`: nothing is sent. Without a token nothing is sent either, and the desk says so.'),
  tokenEnv: environmentName
    .default('TELEGRAM_BOT_TOKEN')
    .describe(
      'Variable that holds the bot’s token; `<name>_FILE` names a file with it. Never the token itself.',
    ),
  chatIdEnv: environmentName
    .default('TELEGRAM_CHAT_ID')
    .describe('Variable that holds the chat of the alerts.'),
  events: z
    .array(z.enum(NOTICE_EVENTS))
    .default(['halt', 'armed', 'routine', 'incident', 'task', 'report', 'warning'])
    .describe('What is told. Approvals always are.'),
});

export const notifySchema = z.strictObject({
  telegram: telegramSchema.prefault({}).describe('The Telegram bot.'),
});

/** Events that people are told; whatever else is written down as a notice reaches nobody. Approvals always do. */
export const eventsTold = ({ telegram }: z.output<typeof notifySchema>): readonly string[] => [
  ...telegram.events,
  'approval',
];
