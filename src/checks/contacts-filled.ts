import { contactLine, missingOf } from '../desk/contacts-schema.js';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import { check } from './check.js';

/** Whether somebody could be called by what the desk file says: templates leave placeholders behind. */
export const contactsFilled = check(NO_PARAMETERS, async ({ desk }) => {
  const contacts = desk.contacts ?? [];
  const open = contacts.filter((contact) => missingOf(contact) !== null);
  return {
    verdict: contacts.length > 0 && open.length === 0 ? 'pass' : 'warn',
    observed:
      contacts.length === 0
        ? 'the desk file names no contact'
        : open.length === 0
          ? contacts.map(({ role }) => role).join(', ')
          : open.map(contactLine).join('; '),
    expected: 'contacts by role, each with a phone or a mail',
  };
});
