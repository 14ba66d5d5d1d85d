/** What is sent to people and how, and whom to call outside Fermata. */
import { z } from 'zod';
import { NOTICE_EVENTS } from '../contracts/notice.js';
import { name } from './schema-values.js';

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

/** Whom to call outside Fermata, by role: on-call people, a broker's support. */
const CONTACTS_MAX = 30;
const text = (lengthMax: number) => z.string().regex(/\S/, 'expected some text').max(lengthMax);

export const contactsSchema = z
  .array(
    z.strictObject({
      role: text(60).describe('For example "On-call engineer" or "Broker’s support", each only once.'),
      name: text(100).optional().describe('Who that is.'),
      phone: text(60).optional().describe('A number, with hours if they matter.'),
      mail: text(254).optional().describe('An address, or a page to write to.'),
      incidents: z
        .array(name)
        .min(1)
        .max(50)
        .optional()
        .describe('Kinds of incidents that they are for; left out: all.'),
    }),
  )
  .max(CONTACTS_MAX)
  .describe('Whom to call, by role. An incident shows them, and again if nobody answers it.');

type DeskContact = z.output<typeof contactsSchema>[number];

/** Placeholders that templates leave for people to fill in: "[TO BE FILLED]", "TBD", "+1 xxx". */
const PLACEHOLDER = /\[[^\]]*\]|<[^>]*>|\b(?:tbd|todo|to be filled|n\/a|x{3,})\b|\.\.\.|…/i;

/** Why people can't call this contact; null: they can. */
function missingOf({ name: who, phone, mail }: DeskContact): string | null {
  const open = [who, phone, mail].find((value) => value !== undefined && PLACEHOLDER.test(value));
  if (open !== undefined) return `not filled in yet ("${open}" in the desk file)`;
  return phone === undefined && mail === undefined ? 'the desk file has no phone and no mail' : null;
}

/** One line to read aloud: "On-call engineer Anna, +46 70 123". */
function contactLine(contact: DeskContact): string {
  const { role, name: who, phone, mail } = contact;
  const missing = missingOf(contact);
  const how = [phone, mail].filter((value) => value !== undefined).join(', ');
  if (missing !== null) return `${role}: ${missing}`;
  return `${who === undefined ? role : `${role} ${who}`}, ${how}`;
}

interface WithContacts {
  readonly contacts?: readonly DeskContact[] | undefined;
}

/** Whom to call about an incident of this kind, one line each. */
export const contactsFor = ({ contacts = [] }: WithContacts, kind: string): readonly string[] =>
  contacts.filter(({ incidents }) => incidents?.includes(kind) ?? true).map(contactLine);

/** The contacts with something missing, one line each. */
export const contactsToFillIn = ({ contacts = [] }: WithContacts): readonly string[] =>
  contacts.filter((contact) => missingOf(contact) !== null).map(contactLine);
