import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { deskPerson } from '../../src/cli/desk-person.js';
import { APPROVER, MAY_STOP, OPERATOR } from '../../src/domain/people-roles.js';
import { beginCliSession, endCliSession } from '../../src/home/cli-session.js';
import type { Runtime } from '../../src/home/runtime.js';
import { ensureSecrets } from '../../src/home/secrets.js';

const folder = mkdtempSync(join(tmpdir(), 'desk-person-'));
const deskFile = join(folder, 'desk.yaml');
const shipped = fileURLToPath(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url));
const people = [
  { name: 'olga', roles: ['operator'] },
  { name: 'ben', roles: ['approver'] },
  { name: 'vera', roles: ['viewer'] },
];
writeFileSync(deskFile, stringify({ ...parse(readFileSync(shipped, 'utf8')), people }));
const runtime = { home: folder, deskFile } as Runtime;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('for what asks nobody', () => {
  it('the first with the role is named, and the built-in operator where the desk file can’t be read', () => {
    expect(deskPerson(runtime, OPERATOR)).toBe('olga');
    expect(deskPerson(runtime, APPROVER)).toBe('ben');
    expect(deskPerson({ ...runtime, deskFile: join(folder, 'gone.yaml') }, MAY_STOP)).toBe('operator');
  });

  it('whoever is signed in is named, whatever the roles: what a viewer reports is not the operator’s', async () => {
    await ensureSecrets(folder);
    beginCliSession(folder, 'vera', '0'.repeat(64), Date.now());
    expect(deskPerson(runtime, MAY_STOP)).toBe('vera');
    endCliSession(folder);
    expect(deskPerson(runtime, MAY_STOP)).toBe('olga');
  });
});
