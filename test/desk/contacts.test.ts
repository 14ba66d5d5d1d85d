/** Whom to call, by role: `contacts` of the desk file. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { contactsFilled } from '../../src/checks/contacts-filled.js';
import type { Incident } from '../../src/contracts/incident.js';
import { contactsFor } from '../../src/desk/notify-schema.js';
import { incidentNotice } from '../../src/notify/button-notices.js';
import { parseDesk } from '../../src/venue/load-desk.js';
import { CRYPTO_DESK } from '../cli/trader-double.js';

const SHIPPED = parse(readFileSync(CRYPTO_DESK, 'utf8')) as object;
const load = (contacts?: readonly object[]) =>
  parseDesk('desk.yaml', stringify({ ...SHIPPED, ...(contacts && { contacts }) }));
const ANNA = { role: 'On-call engineer', name: 'Anna', phone: '+46 70 123' };
const SUPPORT = { role: 'Venue support', mail: 'help@venue.example', incidents: ['exchange-down'] };

describe('contacts of a desk', () => {
  it('are lines to read aloud, for the incidents that they name', () => {
    const { desk } = load([ANNA, SUPPORT]);
    const lines = (kind: string) => contactsFor(desk, kind);
    expect(lines('reported')).toEqual(['On-call engineer Anna, +46 70 123']);
    expect(lines('exchange-down')).toEqual([
      'On-call engineer Anna, +46 70 123',
      'Venue support, help@venue.example',
    ]);
    expect(contactsFor(load().desk, 'reported')).toEqual([]);
  });

  it('stand in the notice where nobody has answered, and not before', () => {
    const incident = { severity: 'high', state: 'open', title: 't', detail: 'd', respondByMs: 1 } as Incident;
    const text = (key: string) => incidentNotice(incident, key, null, ['On-call Anna, +46']).text;
    expect(text('opened')).not.toContain('Call');
    expect(text('escalation-1')).toContain('\nCall On-call Anna, +46.\n');
  });

  it.each([
    [[{ ...SUPPORT, incidents: ['exchange-dwon'] }], 'contacts[0].incidents[0]', 'exchange-dwon'],
    [[ANNA, { ...ANNA, name: 'Bo' }], 'contacts[1].role', 'On-call engineer'],
    [[{ name: 'Anna' }], 'contacts[0].role', 'nothing'],
    [[{ ...ANNA, phone: ' ' }], 'contacts[0].phone', '" "'],
  ])('%j are refused with their key', (contacts, key, found) => {
    expect(() => load(contacts)).toThrow(new RegExp(`${key.replace(/[[\].]/g, '\\$&')}: .*found .*${found}`));
  });

  it.each([
    [[], 'warn', 'the desk file names no contact'],
    [[ANNA, SUPPORT], 'pass', 'On-call engineer, Venue support'],
    [
      [ANNA, { role: 'Backup', name: '[TO BE FILLED]', phone: '1' }],
      'warn',
      'Backup: not filled in yet ("[TO BE FILLED]" in the desk file)',
    ],
    [[{ role: 'Backup', phone: 'TBD' }], 'warn', 'Backup: not filled in yet ("TBD" in the desk file)'],
    [[{ role: 'Backup', name: 'Bo' }], 'warn', 'Backup: the desk file has no phone and no mail'],
  ])('%j: the check says %s', async (contacts, verdict, observed) => {
    const { desk } = load(contacts);
    const context = { desk } as Parameters<typeof contactsFilled>[0];
    expect(await contactsFilled(context, {})).toMatchObject({
      verdict,
      observed: expect.stringContaining(observed),
    });
  });
});
