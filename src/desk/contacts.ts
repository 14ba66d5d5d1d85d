/** Which contacts are for which incident, and what the rest of the desk file asks of them. */
import type { BrokenRule } from './broken-rule.js';
import { closestName } from './closest-name.js';
import type { DeskContact } from './contacts-schema.js';
import { SHIPPED_KINDS } from './incident-schema.js';
import { ownIncidents } from './own-incidents.js';
import type { Desk } from './schema.js';

/** Those that are for incidents of this kind. */
export const contactsFor = (
  { contacts = [] }: Pick<Desk, 'contacts'>,
  kind: string,
): readonly DeskContact[] => contacts.filter(({ incidents }) => incidents?.includes(kind) ?? true);

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
