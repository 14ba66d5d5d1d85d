import { contactsToFillIn } from '../desk/notify-schema.js';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import { check } from './check.js';

/** Whether people can be reached with what the desk file says: templates leave placeholders behind. */
export const contactsFilled = check('Contacts are filled in', NO_PARAMETERS, async ({ desk }) => {
  const contacts = desk.contacts ?? [];
  const open = contactsToFillIn(desk);
  return {
    verdict: contacts.length > 0 && open.length === 0 ? 'pass' : 'warn',
    observed:
      contacts.length === 0
        ? 'the desk file names no contact'
        : open.length === 0
          ? contacts.map(({ role }) => role).join(', ')
          : open.join('; '),
    expected: 'contacts by role, each with a phone or a mail',
  };
});
