/** Keys, tokens and passwords come from the environment or from files of an installation; none is in the repository. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEFAULT_TOKEN } from '../../simulators/telegram/simulation.js';
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

function findings(file: string, written: string): string[] {
  const text = SIMULATED.reduce((rest, known) => rest.replaceAll(known, ''), written);
  const assigned = SECRETS.flatMap((name) =>
    [...text.matchAll(new RegExp(`\\b${name}=['"]?([^\\s'"\`|]*)`, 'g'))].flatMap(([, value = '']) =>
      PLACEHOLDER.test(value) ? [] : [`${file}: ${name} has a value`],
    ),
  );
  const keys = [KEY, TOKEN].filter((form) => form.test(text)).map((form) => `${file}: ${form}`);
  return [...assigned, ...keys];
}

it('holds no key of an exchange, no token and no password that is not a placeholder', () => {
  const files = [...PLACES.flatMap(filesOf), ...FILES];
  expect(files.length).toBeGreaterThan(300);
  expect(files.flatMap((file) => findings(file, readFileSync(join(repository, file), 'utf8')))).toEqual([]);
});

it('would be seen', () => {
  const key = 'aB3'.padEnd(64, 'x');
  expect(findings('x', `const apiKey = '${key}'`)).toHaveLength(1);
  expect(findings('x', `BINANCE_SECRET_KEY=${key}`)).toHaveLength(2);
  expect(findings('x', 'DASHBOARD_PASSWORD=hunter2')).toEqual(['x: DASHBOARD_PASSWORD has a value']);
  expect(findings('x', `token: 123456789:${'A'.repeat(35)}`)).toHaveLength(1);
  expect(findings('x', 'DASHBOARD_PASSWORD=your-secure-password BINANCE_API_KEY=')).toEqual([]);
});
