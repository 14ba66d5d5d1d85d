/** Which contacts are for which incident, and what the rest of the desk file asks of them. */
import type { BrokenRule } from './broken-rule.js';
import { closestName } from './closest-name.js';
import { contactLine, missingOf } from './contacts-schema.js';
import { SHIPPED_KINDS } from './incident-schema.js';
import { ownIncidents } from './own-incidents.js';
import type { Desk } from './schema.js';

type WithContacts = Pick<Desk, 'contacts'>;

/** Whom to call over an incident of this kind, a line each. */
export const contactsFor = ({ contacts = [] }: WithContacts, kind: string): readonly string[] =>
  contacts.filter(({ incidents }) => incidents?.includes(kind) ?? true).map(contactLine);

/** The contacts with something missing, a line each. */
export const contactsToFillIn = ({ contacts = [] }: WithContacts): readonly string[] =>
  contacts.filter((contact) => missingOf(contact) !== null).map(contactLine);

export function contactRules(desk: Desk): BrokenRule[] {
  const kinds = [...SHIPPED_KINDS, ...ownIncidents(desk).keys()];
  return (desk.contacts ?? []).flatMap(({ incidents = [] }, index) =>
    incidents.flatMap((kind, at): BrokenRule[] => {
      if (kinds.includes(kind)) return [];
      const near = closestName(kind, kinds);
      return [
        {
          path: ['contacts', index, 'incidents', at],
          expected: `kinds of incidents: ${kinds.join(', ')}`,
          found: kind,
          doThis: near === null ? 'name one of these' : `write ${near}`,
        },
      ];
    }),
  );
}
