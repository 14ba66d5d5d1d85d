/** Keys, tokens and passwords come from the environment or from files of an installation; none is in the repository. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readModules } from '../../scripts/structure/modules.mjs';
import { DEFAULT_TOKEN } from '../../simulators/telegram/simulation.js';
import { isOfProcess } from '../../src/desk/desk-environment.js';
import { ENVIRONMENT } from '../../src/venue/environment.js';
import { repository } from '../support/desk-under-test.js';
import { TRADING_KEY } from '../venue-binance/support/raw-client.js';

/** What is shipped and what it is built from. Tests and simulators make keys of their own. */
const PLACES = ['src', 'dashboard', 'desks', 'deploy', 'docs', 'temporal/checksums.json', 'bin', 'scripts'];
const FILES = ['.env.example', 'docker-compose.yml', 'Dockerfile', 'README.md'];
const SECRETS = ENVIRONMENT.flatMap(({ variables }) => variables)
  .filter(({ secret }) => secret)
  .map(({ name }) => name);

/** A key of the exchange has 64 letters of both cases and digits, a bot's token a number and 35 characters. */
const KEY = /\b(?=[A-Za-z0-9]*[a-z])(?=[A-Za-z0-9]*[A-Z])(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{64}\b/;
const TOKEN = /\b\d{8,10}:[A-Za-z0-9_-]{35}\b/;
/** The runbook's own words for "yours", references to another variable, and nothing at all. */
const PLACEHOLDER = /^(your[-_].*|\$\{?[A-Z_]+.*|[A-Za-z]*…|\.\.\.|NAME|PATH|)$/;

function filesOf(path: string): string[] {
  if (/\.\w+$/.test(path)) return [path];
  return readdirSync(join(repository, path), { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((name) => /\.(ts|tsx|mjs|js|json|ya?ml|md|sh|html|css)$/.test(name));
}

/** What the simulators print when they start: a walk through the documents types exactly these, and no venue knows them. */
const SIMULATED = [TRADING_KEY.apiKey, TRADING_KEY.secret, DEFAULT_TOKEN, 'TELEGRAM_CHAT_ID=500'];

/** A YAML file gives a variable its value behind a colon. */
const assigning = (name: string, file: string): RegExp =>
  new RegExp(`\\b${name}${/\.ya?ml$/.test(file) ? '(?:=|: )' : '='}['"]?([^\\s'"\`|]*)`, 'g');

function findings(file: string, written: string): string[] {
  const text = SIMULATED.reduce((rest, known) => rest.replaceAll(known, ''), written);
  const assigned = SECRETS.flatMap((name) =>
    [...text.matchAll(assigning(name, file))].flatMap(([, value = '']) =>
      PLACEHOLDER.test(value) ? [] : [`${file}: ${name} has a value`],
    ),
  );
  const keys = [KEY, TOKEN].filter((form) => form.test(text)).map((form) => `${file}: ${form}`);
  return [...assigned, ...keys];
}

it('holds no key of an exchange, no token and no password that is not a placeholder', () => {
  const files = [...PLACES.flatMap(filesOf), ...FILES];
  expect(files.length).toBeGreaterThan(300);
  expect(SECRETS).toEqual(
    expect.arrayContaining(['BINANCE_API_KEY', 'BINANCE_SECRET_KEY', 'TELEGRAM_BOT_TOKEN']),
  );
  expect(files.flatMap((file) => findings(file, readFileSync(join(repository, file), 'utf8')))).toEqual([]);
});

it('would be seen', () => {
  const key = 'aB3'.padEnd(64, 'x');
  expect(findings('x', `const apiKey = '${key}'`)).toHaveLength(1);
  expect(findings('x', `BINANCE_SECRET_KEY=${key}`)).toHaveLength(2);
  expect(findings('x', 'DASHBOARD_PASSWORD=hunter2')).toEqual(['x: DASHBOARD_PASSWORD has a value']);
  expect(findings('x.yml', '  BINANCE_API_KEY: k3Pz9QmV1xT7')).toEqual([
    'x.yml: BINANCE_API_KEY has a value',
  ]);
  expect(findings('x.yml', `  BINANCE_API_KEY: \${BINANCE_API_KEY:-}`)).toEqual([]);
  expect(findings('x', `token: 123456789:${'A'.repeat(35)}`)).toHaveLength(1);
  expect(findings('x', 'DASHBOARD_PASSWORD=your-secure-password BINANCE_API_KEY=')).toEqual([]);
});

/**
 * What reads the environment of the process in code that runs for several desks in one: only variables that are alike for all of
 * them, and why.
 */
const OF_THE_PROCESS: Readonly<Record<string, string>> = {
  'src/desk/desk-environment.ts':
    'a process of one desk has its environment there; other programs are given variables of the process alone',
  'src/desk/resolve-desk.ts': 'FERMATA_HOME',
  'src/home/runtime.ts': 'FERMATA_SECRETS, XDG_RUNTIME_DIR',
  'src/home/started-desks.ts': 'containers, where a process has one desk',
  'src/home/desk-in-process.ts': 'whether npm started it, or a container',
  'src/supervisor/managed-process.ts':
    'a child for which nothing was chosen; a shared process has no desk’s variable left',
  'src/pack/child-process.ts': 'PATH, LANG',
  'src/pack/compiled-cache.ts': 'XDG_CACHE_HOME',
  'src/backup/offsite/storage.ts': 'silences a library',
};

it('reads a desk’s variables from the environment of that desk, wherever several share a process', () => {
  const modules = new Map(readModules(repository, 'src').map((module) => [module.path, module]));
  const reached = new Set(['src/worker/operations-worker.ts', 'src/worker/channels.ts']);
  for (const path of reached)
    for (const { to, isType } of modules.get(path)?.imports ?? [])
      if (!isType && modules.has(to)) reached.add(to);
  for (const path of [
    'src/notify/channel-credentials.ts',
    'src/backup/offsite/storage.ts',
    'src/mail/run-mail.ts',
  ])
    expect(reached).toContain(path);
  const reading = [...reached].filter((path) =>
    /\bprocess\.env\b|\benv\b[^=\n]*\} = process\b|from 'node:process'/.test(modules.get(path)?.text ?? ''),
  );
  expect(reading.sort()).toEqual(Object.keys(OF_THE_PROCESS).sort());
});

it('knows which variables count for the whole process: what the libraries read, and no key', () => {
  const programs = readdirSync(join(repository, 'dist/run')).filter((name) => name.endsWith('.js'));
  expect(programs.length).toBeGreaterThan(50);
  const read = programs.flatMap((name) =>
    [...readFileSync(join(repository, 'dist/run', name), 'utf8').matchAll(/\bprocess\d*\.env\.(\w+)/g)].map(
      ([, variable = '']) => variable,
    ),
  );
  expect(read).toContain('NODE_OPTIONS');
  // Those of Fermata itself that are a desk's.
  const ownOfDesk = ['FERMATA_RUNTIME', 'FERMATA_DESK', 'npm_config_desk'];
  expect([...new Set(read)].filter((name) => !isOfProcess(name) && !ownOfDesk.includes(name))).toEqual([]);
  for (const name of [
    'NODE_EXTRA_CA_CERTS',
    'TZ',
    'https_proxy',
    'NO_PROXY',
    'SSL_CERT_FILE',
    'PGHOST',
    'LC_ALL',
  ])
    expect(isOfProcess(name), name).toBe(true);
  for (const name of SECRETS)
    for (const one of [name, `${name}_FILE`]) expect(isOfProcess(one), one).toBe(false);
  for (const name of [
    'SMTP_SERVER',
    'TELEGRAM_API_ROOT',
    'BINANCE_SIMULATOR_URL',
    'AWS_OTHER_KEY',
    'TEMPORAL_ADDRESS',
  ])
    expect(isOfProcess(name), name).toBe(false);
});
