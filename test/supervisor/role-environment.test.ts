import { expect, it } from 'vitest';
import type { RoleName } from '../../src/supervisor/roles.js';
import { environmentOf } from '../../src/supervisor/start-role.js';

const SECRETS = {
  BINANCE_API_KEY: 'trade',
  BINANCE_SECRET_KEY_FILE: '/trade',
  BINANCE_AUDITOR_API_KEY: 'read',
  TELEGRAM_BOT_TOKEN: 'bot',
  SMTP_PASSWORD: 'mail',
  SENDER_EMAIL: 'desk@fermata.example',
  TEMPORAL_API_KEY: 'cloud',
  DASHBOARD_PASSWORD: 'password',
} as const;

const givenTo = (name: RoleName, separate = false, env: NodeJS.ProcessEnv = SECRETS): string[] =>
  Object.keys(environmentOf({ name, separate, env: { ...env, PATH: '/bin' } })).filter(
    (variable) => variable !== 'PATH',
  );

it('gives each role its own secrets only', () => {
  expect(givenTo('trader')).toEqual(['BINANCE_API_KEY', 'BINANCE_SECRET_KEY_FILE']);
  expect(givenTo('engine-worker')).toEqual(['BINANCE_AUDITOR_API_KEY', 'TEMPORAL_API_KEY']);
  expect(givenTo('engine-worker', true)).toEqual(['TEMPORAL_API_KEY']);
  expect(givenTo('auditor', true)).toEqual(['BINANCE_AUDITOR_API_KEY']);
  expect(givenTo('ledger', true)).toEqual([]);
  const ofChannels = ['TELEGRAM_BOT_TOKEN', 'SMTP_PASSWORD', 'SENDER_EMAIL', 'TEMPORAL_API_KEY'];
  expect(givenTo('web')).toEqual(ofChannels);
  expect(givenTo('web', true)).toEqual(['TEMPORAL_API_KEY']);
  expect(givenTo('telegram', true)).toEqual(ofChannels);
  expect(givenTo('operations-worker')).toEqual(
    Object.keys(SECRETS).filter((name) => !/^(DASHBOARD_|SMTP_|SENDER_)/.test(name)),
  );
});

it('keeps a secret from other roles by what its name begins with', () => {
  const env = { BINANCE_SECRET_KEY_OLD: 'old', BINANCE_AUDITOR_SECRET: 'read' };
  for (const role of ['ledger', 'web', 'telegram'] as const) expect(givenTo(role, true, env)).toEqual([]);
  expect(givenTo('trader', true, env)).toEqual(['BINANCE_SECRET_KEY_OLD']);
  expect(givenTo('auditor', true, { ...env, ...SECRETS })).toEqual([
    'BINANCE_AUDITOR_SECRET',
    'BINANCE_AUDITOR_API_KEY',
  ]);
});

it('lets the auditor read with the trader’s key where it has none of its own', () => {
  const { BINANCE_AUDITOR_API_KEY: _, ...without } = SECRETS;
  expect(givenTo('engine-worker', false, without)).toContain('BINANCE_API_KEY');
});
