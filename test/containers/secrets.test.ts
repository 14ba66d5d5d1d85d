/** Which container gets which secret files and people: what the compose file mounts, and what the code there reads. */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { CONTAINER_SECRETS, dealOutSecrets, filesOf } from '../../src/home/container-secrets.js';
import { peopleFolder, takeInPeople } from '../../src/home/people-folder.js';
import { SECRET_FILES } from '../../src/home/runtime.js';
import { ensureSecrets, makeSecret, replaceOperatorPassword } from '../../src/home/secrets.js';
import { repository } from '../support/desk-under-test.js';
import { compose, SERVICE_OF_ROLE } from './compose-file.js';

const mountsOf = (service: string): readonly string[] => compose.services[service]?.volumes ?? [];
const ALL = 'secrets';
const home = mkdtempSync(join(tmpdir(), 'dealt-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('docker-compose.yml', () => {
  it('gives each container its own secrets, read-only, and all of them to the one that makes them', () => {
    for (const service of Object.keys(compose.services)) {
      const mounted = mountsOf(service).filter((mount) => mount.startsWith('secrets'));
      if (service === ALL) {
        const dealt = Object.keys(CONTAINER_SECRETS).filter((one) => filesOf(one).length > 0);
        const expected = dealt.map((one) => `secrets-${one}:/secrets-of/${one}`);
        expect(mounted.toSorted()).toEqual(['secrets:/secrets', ...expected].toSorted());
        expect(compose.services[service]?.network_mode).toBe('none');
      } else {
        const named = service.replace(/-\d$/, '');
        const own = filesOf(named).length > 0 ? [`secrets-${named}:/secrets:ro`] : [];
        expect(mounted, service).toEqual(own);
      }
    }
  });

  it('gives images of others the one secret that they start with, or none', () => {
    const foreign = Object.entries(compose.services).filter(([, { build }]) => build === undefined);
    expect(Object.fromEntries(foreign.map(([name]) => [name, filesOf(name)]))).toEqual({
      postgres: ['postgres-password'],
      'temporal-postgres': ['temporal-postgres-password'],
      'temporal-schema': ['temporal-postgres-password'],
      temporal: ['temporal-postgres-password'],
      'temporal-ui': [],
      prometheus: ['metrics-token'],
    });
    for (const [name] of foreign)
      expect(
        mountsOf(name).filter((mount) => /^(home|people|sessions|reports|sockets):/.test(mount)),
        name,
      ).toEqual([]);
  });

  it('lets only the command line and the set-up write people, and only who checks them read them', () => {
    const people = Object.keys(compose.services).flatMap((name) =>
      mountsOf(name)
        .filter((mount) => mount.startsWith('people:'))
        .map((mount) => [name, mount.endsWith(':ro') ? 'reads' : 'writes']),
    );
    expect(Object.fromEntries(people)).toEqual({
      bot: 'reads',
      'operations-worker': 'reads',
      'operations-worker-2': 'reads',
      web: 'reads',
      telegram: 'reads',
      cli: 'writes',
      secrets: 'writes',
      stores: 'writes',
    });
    const sessions = Object.keys(compose.services).filter((name) =>
      mountsOf(name).some((mount) => mount.startsWith('sessions:')),
    );
    expect(sessions).toEqual(['web']);
  });
});

it('tells of Temporal only who reaches it: the trader, the auditor and the ledger hear nothing of its key', () => {
  const told = Object.entries(compose.services).filter(
    ([, { environment = {}, build }]) =>
      build !== undefined && Object.keys(environment).some((name) => name.startsWith('TEMPORAL_')),
  );
  expect(told.map(([name]) => name).toSorted()).toEqual(
    [
      'cli',
      'engine-worker',
      'operations-worker',
      'operations-worker-2',
      'restore',
      'stores',
      'telegram',
      'web',
    ].toSorted(),
  );
});

it('the set-up says that a password of the environment is not used, where another has replaced it', async () => {
  const home = mkdtempSync(join(tmpdir(), 'given-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const env = { ...process.env, FERMATA_HOME: home, DASHBOARD_PASSWORD: 'given by the compose file' };
  const setUp = async () =>
    (
      await promisify(execFile)(process.execPath, ['dist/worker/set-up.js', 'secrets'], {
        cwd: repository,
        env,
      })
    ).stdout;
  expect(await setUp()).not.toContain('DASHBOARD_PASSWORD');
  await replaceOperatorPassword(home, 'chosen by the operator');
  expect(await setUp()).toContain('DASHBOARD_PASSWORD is the operator’s password of before');
});

describe('the secrets of a container', () => {
  const entryOf = (role: string): string => {
    const text = readFileSync(join(repository, 'src/worker/run-role.ts'), 'utf8');
    const found = new RegExp(
      `'?${role}'?: async \\(runtime\\) =>\\s*\\(await import\\('(.+?)\\.js'\\)\\)`,
    ).exec(text);
    return resolve(repository, 'src/worker', `${found?.[1]}.ts`);
  };

  /** Named in files that several roles share, and read by others of them. */
  const OF_OTHERS: Readonly<Record<string, readonly string[]>> = {
    'engine-worker': ['postgresPassword'],
    'operations-worker': ['telegramLinkKey'],
    ledger: ['postgresPassword'],
    web: ['postgresPassword', 'telegramLinkKey', 'telegramVoteKey'],
    telegram: ['postgresPassword', 'signInLinkKey', 'dataKey'],
  };

  it.each(Object.entries(SERVICE_OF_ROLE))('are those that the code of %s reads', (role, service) => {
    const { secrets = [], known = [], withheld = [] } = CONTAINER_SECRETS[service] ?? {};
    const read = [...secretsReadFrom(entryOf(role))].filter((name) => !OF_OTHERS[role]?.includes(name));
    expect(read.toSorted()).toEqual([...secrets, ...known, ...withheld].toSorted());
  });

  it('are dealt out to each anew at each start, and nothing that it had before is left', async () => {
    const into = join(home, 'secrets-of');
    await ensureSecrets(home);
    makeSecret(home, 'temporalPostgresPassword');
    makeSecret(home, 'dataKey');
    mkdirSync(join(into, 'ledger'), { recursive: true });
    writeFileSync(join(into, 'ledger', 'token-key'), 'of an older version');
    dealOutSecrets(home, into);
    for (const service of Object.keys(CONTAINER_SECRETS).filter((one) => filesOf(one).length > 0)) {
      const files = readdirSync(join(into, service)).toSorted();
      const { secrets = [], known = [] } = CONTAINER_SECRETS[service] ?? {};
      const marks = known.map((name) => SECRET_FILES[name]);
      const made = [...secrets.map((name) => SECRET_FILES[name]), ...marks];
      expect(files, service).toEqual(made.toSorted());
      for (const file of files) {
        expect(statSync(join(into, service, file)).mode & 0o777).toBe(0o600);
        const whole = readFileSync(join(home, 'secrets', file), 'utf8');
        expect(readFileSync(join(into, service, file), 'utf8')).toBe(
          marks.some((mark) => mark === file) ? '' : whole,
        );
      }
    }
    writeFileSync(join(home, 'secrets', 'telegram-bot-token'), 'token');
    writeFileSync(join(home, 'secrets', 'smtp-password'), 'password');
    dealOutSecrets(home, into);
    const given = (file: string) =>
      readdirSync(into)
        .filter((one) => readdirSync(join(into, one)).includes(file))
        .toSorted();
    expect(given('telegram-bot-token')).toEqual(['operations-worker', 'preflight', 'telegram']);
    expect(given('smtp-password')).toEqual(['telegram']);
  });
});

it('takes people in from the shared home once: what a role puts there later counts as nothing', () => {
  const [before, now] = [join(home, 'before'), join(home, 'now')];
  mkdirSync(join(before, 'people'), { recursive: true });
  writeFileSync(join(before, 'people', 'keys.json'), 'of before');
  takeInPeople(before, now);
  expect(readFileSync(join(peopleFolder(now), 'keys.json'), 'utf8')).toBe('of before');
  expect(readdirSync(join(before, 'people'))).toEqual([]);
  writeFileSync(join(before, 'people', 'keys.json'), 'forged');
  takeInPeople(before, now);
  expect(readFileSync(join(peopleFolder(now), 'keys.json'), 'utf8')).toBe('of before');
});

/** Where a bundled program is begun, its source. */
function sourceOf(path: string): string {
  const [, name] = /\/dist\/run\/([\w-]+)$/.exec(path) ?? [];
  const bundled = readFileSync(join(repository, 'scripts/bundle-programs.mjs'), 'utf8');
  const [, source] = new RegExp(`'${name}': join\\(dist, '(.+)\\.js'\\)`).exec(bundled) ?? [];
  if (name !== undefined && source === undefined) throw new Error(`${path} is not bundled`);
  return source === undefined ? `${path}.ts` : join(repository, 'src', `${source}.ts`);
}

/** Names of the secrets that a program can read: over every import that carries something at run time. */
function secretsReadFrom(entry: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [entry];
  const read = new Set<string>();
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file) || !existsSync(file)) continue;
    seen.add(file);
    const text = readFileSync(file, 'utf8').replaceAll(/import type [^;]+;/g, '');
    for (const [, path = ''] of text.matchAll(/(?:from|import\(|new URL\() ?'(\.[^']+)\.js'/g))
      open.push(sourceOf(resolve(dirname(file), path)));
    // It names all of them, and reads what it is asked for.
    if (/home\/(secrets|container-secrets)\.ts$/.test(file)) continue;
    for (const [, name = ''] of text.matchAll(/(?:readSecret\([^']*|secretFile\([^')]*)'(\w+)'\)/g))
      read.add(name);
    for (const [, name = ''] of text.matchAll(/SECRET_FILES\.(\w+)/g)) read.add(name);
    // One of two, by the user of the connection.
    if (file.endsWith('/store/pool.ts'))
      for (const [, name = ''] of text.matchAll(/'(postgres\w*Password)'/g)) read.add(name);
    if (/\bdataKey\(/.test(text)) read.add('dataKey');
  }
  return read;
}
