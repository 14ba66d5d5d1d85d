import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { deskPerson } from '../../src/cli/desk-person.js';
import { APPROVER, MAY_STOP, OPERATOR } from '../../src/domain/roles.js';
import type { Runtime } from '../../src/home/runtime.js';

const folder = mkdtempSync(join(tmpdir(), 'desk-person-'));
const deskFile = join(folder, 'desk.yaml');
const shipped = fileURLToPath(new URL('../../desks/crypto-bot.yaml', import.meta.url));
const people = [
  { name: 'olga', roles: ['operator'] },
  { name: 'ben', roles: ['approver'] },
  { name: 'vera', roles: ['viewer'] },
];
writeFileSync(deskFile, stringify({ ...parse(readFileSync(shipped, 'utf8')), people }));
const runtime = { deskFile } as Runtime;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('--as', () => {
  it('takes an operator and an approver for what makes the desk safer, and nobody else', () => {
    expect(deskPerson(runtime, MAY_STOP, 'olga')).toBe('olga');
    expect(deskPerson(runtime, MAY_STOP, 'ben')).toBe('ben');
    expect(() => deskPerson(runtime, MAY_STOP, 'vera')).toThrow(
      'vera is not a person with the role operator or approver on this desk',
    );
    expect(() => deskPerson(runtime, APPROVER, 'olga')).toThrow(
      'olga is not a person with the role approver',
    );
  });

  it('left out is the first with the role, and the built-in operator where the desk file can’t be read', () => {
    expect(deskPerson(runtime, OPERATOR, undefined)).toBe('olga');
    expect(deskPerson(runtime, APPROVER, undefined)).toBe('ben');
    expect(deskPerson({ deskFile: join(folder, 'gone.yaml') } as Runtime, MAY_STOP, undefined)).toBe(
      'operator',
    );
  });
});
