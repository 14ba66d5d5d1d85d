/** Which contacts are for which incident, and the rules between contacts and the rest of the desk file. */

import { SHIPPED_KINDS } from '../playbooks/registry.js';
import { contactLine, missingOf } from './notify-schema.js';
import { ownIncidents } from './own-incidents.js';
import type { BrokenRule } from './problem.js';
import type { Desk } from './schema.js';
import { closestName } from './typed-names.js';

type WithContacts = Pick<Desk, 'contacts'>;

/** Whom to call about an incident of this kind, one line each. */
export const contactsFor = ({ contacts = [] }: WithContacts, kind: string): readonly string[] =>
  contacts.filter(({ incidents }) => incidents?.includes(kind) ?? true).map(contactLine);

/** The contacts with something missing, one line each. */
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
