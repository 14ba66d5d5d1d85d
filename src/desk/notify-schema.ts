/** Who is notified, and through which channel. */
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
  chatIdEnv: environmentName.default('TELEGRAM_CHAT_ID').describe('Variable that holds the chat for alerts.'),
  events: z
    .array(z.enum(NOTICE_EVENTS))
    .default(['halt', 'armed', 'routine', 'incident', 'task', 'report', 'warning'])
    .describe('What is sent. Approvals always are.'),
});

const mailAddress = z
  .string()
  .max(254)
  .regex(
    /^[^\s@<>()[\]\\,;:"]{1,64}@[A-Za-z0-9.-]{1,190}$/,
    'expected an address such as trader@desk.example',
  );

/**
 * Keys are optional and get their defaults in `mailChoices`: a default here would change the hash that a
 * go-live permission is bound to.
 */
const mailSchema = z.strictObject({
  enabled: z
    .boolean()
    .optional()
    .describe(
      '`false`: nothing is sent. Without `SMTP_SERVER` nothing is sent either, and the desk says so.',
    ),
  from: mailAddress.optional().describe('The sender. Left out: `SENDER_EMAIL`.'),
  to: z
    .array(mailAddress)
    .min(1)
    .max(20)
    .optional()
    .describe('The recipients, each in a separate mail. Left out: the sender.'),
  events: z.array(z.enum(NOTICE_EVENTS)).optional().describe('What is sent by mail. Left out: `["report"]`.'),
  critical: z.boolean().optional().describe('Critical notices of every event as well. Left out: `true`.'),
});

export const notifySchema = z.strictObject({
  telegram: telegramSchema.prefault({}).describe('The Telegram bot.'),
  mail: mailSchema.optional().describe('Mail, as a second channel.'),
});

type Notify = z.output<typeof notifySchema>;

export function mailChoices({ mail = {} }: Notify) {
  const { enabled = true, from = null, to = null, events = ['report' as const], critical = true } = mail;
  return { enabled, from, to, events, critical };
}

/** Events that the bot sends; always including approvals. */
export const eventsOnTelegram = ({ telegram }: Notify): readonly string[] => [...telegram.events, 'approval'];

/** Events that people are notified of through either channel; other notices are recorded, not sent. */
export const eventsTold = (notify: Notify): readonly string[] => [
  ...new Set([...eventsOnTelegram(notify), ...(notify.mail === undefined ? [] : mailChoices(notify).events)]),
];
