/** Whom to call outside Fermata, by role: on-call people, a broker's support. */
import { z } from 'zod';
import { name } from './schema-values.js';

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
export function missingOf({ name: who, phone, mail }: DeskContact): string | null {
  const open = [who, phone, mail].find((value) => value !== undefined && PLACEHOLDER.test(value));
  if (open !== undefined) return `not filled in yet ("${open}" in the desk file)`;
  return phone === undefined && mail === undefined ? 'the desk file has no phone and no mail' : null;
}

/** One line to read aloud: "On-call engineer Anna, +46 70 123". */
export function contactLine(contact: DeskContact): string {
  const { role, name: who, phone, mail } = contact;
  const missing = missingOf(contact);
  const how = [phone, mail].filter((value) => value !== undefined).join(', ');
  if (missing !== null) return `${role}: ${missing}`;
  return `${who === undefined ? role : `${role} ${who}`}, ${how}`;
}
