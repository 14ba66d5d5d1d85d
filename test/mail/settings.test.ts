/** Where mail is handed in, by the environment and the desk file. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { homePaths } from '../../src/home/runtime.js';
import { mailSettings } from '../../src/notify/channel-credentials.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';

const SENDER = 'desk@fermata.example';
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fermata-mail-settings-'));
  mkdirSync(homePaths(home).secrets, { mode: 0o700 });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

type Mail = NonNullable<ReturnType<typeof cryptoDesk>['notify']['mail']>;
const read = (env: NodeJS.ProcessEnv, mail?: Mail) => {
  const { notify } = cryptoDesk();
  return mailSettings(home, { notify: { ...notify, ...(mail === undefined ? {} : { mail }) } }, env);
};

it('is by STARTTLS at port 587, from the sender to itself, where nothing else is said', () => {
  expect(read({ SMTP_SERVER: 'smtp.fermata.example', SENDER_EMAIL: SENDER })).toEqual({
    ...{ host: 'smtp.fermata.example', port: 587, tls: 'starttls', authority: null, login: null },
    ...{ from: SENDER, to: [SENDER] },
  });
  const people = { from: 'bot@fermata.example', to: ['anna@fermata.example'] };
  expect(read({ SMTP_SERVER: 'smtp.fermata.example' }, people)).toMatchObject(people);
});

it('is in clear on this machine alone, and not there either where an authority is named', () => {
  const tls = (env: NodeJS.ProcessEnv) => read({ SENDER_EMAIL: SENDER, ...env })?.tls;
  writeFileSync(join(home, 'ca.pem'), 'PEM');
  expect(tls({ SMTP_SERVER: '127.0.0.1', SMTP_PORT: '25' })).toBe('none');
  expect(tls({ SMTP_SERVER: 'localhost', SMTP_CA_FILE: join(home, 'ca.pem') })).toBe('starttls');
  expect(tls({ SMTP_SERVER: '10.0.0.1', SMTP_PORT: '25' })).toBe('starttls');
  expect(tls({ SMTP_SERVER: 'localhost.fermata.example' })).toBe('starttls');
  expect(tls({ SMTP_SERVER: 'smtp.fermata.example', SMTP_PORT: '465' })).toBe('implicit');
});

it('has its password from a variable or a file, and signs in as the sender', () => {
  const env = { SMTP_SERVER: 'smtp.fermata.example', SENDER_EMAIL: SENDER };
  expect(read({ ...env, SMTP_PASSWORD: 'p' })?.login).toEqual({ user: SENDER, password: 'p' });
  writeFileSync(join(homePaths(home).secrets, 'smtp-password'), 'from a file\n');
  expect(read({ ...env, SMTP_USER: 'desk' })?.login).toEqual({ user: 'desk', password: 'from a file' });
});

it('that can’t be right is refused by name, and nothing is sent where no server is given', () => {
  const env = { SMTP_SERVER: 'smtp.fermata.example', SENDER_EMAIL: SENDER };
  expect(read({})).toBeNull();
  expect(read(env, { enabled: false })).toBeNull();
  expect(() => read({ ...env, SENDER_EMAIL: '' })).toThrow('nobody sends: set SENDER_EMAIL');
  expect(() => read({ ...env, SENDER_EMAIL: 'desk' })).toThrow('SENDER_EMAIL does not hold an address');
  expect(() => read({ ...env, SMTP_PORT: '0' })).toThrow('SMTP_PORT');
  expect(() => read({ ...env, SMTP_SERVER: 'smtp://a:b@c' })).toThrow('SMTP_SERVER');
  expect(() => read({ ...env, SMTP_SERVER: 'smtp://a:b@c' })).not.toThrow('a:b');
  expect(() => read({ ...env, SMTP_CA_FILE: '/nowhere/ca.pem' })).toThrow(
    "/nowhere/ca.pem can't be (ENOENT)",
  );
});
