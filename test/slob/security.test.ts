/** The monthly security audit of desks/slob: each check on the real thing, made bad and made unmeasurable. */
import { appendFileSync, chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { createOperationsActivities } from '../../src/activities/operations/create-operations-activities.js';
import { check, type Findings } from '../../src/checks/check.js';
import { healthScore } from '../../src/checks/health-score.js';
import { CHECKS, SCORED } from '../../src/checks/registry.js';
import { npmAudit } from '../../src/checks/security/vulnerabilities.js';
import type { Verdict } from '../../src/contracts/evidence.js';
import { nextNominalMs } from '../../src/desk/nominal-times.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { NO_PARAMETERS } from '../../src/desk/step-parts.js';
import { homePaths } from '../../src/home/runtime.js';
import { ensureSecrets, keepOwnSecret, readSecret } from '../../src/home/secrets.js';
import { signInMaker } from '../../src/store/access-rows.js';
import { consumeSignInToken } from '../../src/store/sign-in-means.js';
import { closeTask, openTask, readTasks } from '../../src/store/task-rows.js';
import { loadDesk, parseDesk } from '../../src/venue/load-desk.js';
import { startWebUnderTest, type WebUnderTest } from '../api/web-under-test.js';
import { neverForged } from '../support/row-makers.js';
import { RoutineBench } from './support/routine-bench.js';

const DAY = 86_400_000;
const MAIL_PASSWORD = 'abcd-"efgh"-ijkl';
const bench = new RoutineBench();
const paths = homePaths(bench.home);
const temporalFile = join(paths.temporal, 'temporal.db');
let web: WebUnderTest;

beforeAll(async () => {
  await bench.open();
  await ensureSecrets(bench.home);
  await keepOwnSecret(bench.home, 'smtp-password', MAIL_PASSWORD);
  const { pool } = bench.database;
  web = await startWebUnderTest(pool, {
    consumeLink: (token) => consumeSignInToken(pool, signInMaker(bench.home), token, neverForged),
  });
});
beforeEach(() => {
  bench.renew();
  chmodSync(paths.logs, 0o700);
  mkdirSync(paths.temporal, { recursive: true, mode: 0o700 });
  writeFileSync(temporalFile, 'sealed');
  servedAt(web.host);
  const { runtime } = bench.context;
  bench.context = { ...bench.context, runtime: { ...runtime, temporal: { kind: 'managed' } as never } };
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await web?.stop();
  await bench.close();
});

const servedAt = (host: string): void => {
  const { runtime } = bench.context;
  const at = { host: '127.0.0.1', port: Number(host.split(':')[1]) };
  bench.context = { ...bench.context, runtime: { ...runtime, web: at } };
};
const listening = async (server: Server): Promise<string> => {
  await new Promise<void>((listens) => server.listen(0, '127.0.0.1', listens));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

describe('the security audit', () => {
  it('is of the first Monday of a month, and no part of it may be left out', () => {
    const { desk } = loadDesk(resolveDesk('slob'));
    const monthly = desk.routines.find(({ name }) => name === 'monthly')!;
    const first = nextNominalMs(monthly, desk.timezone, Date.parse('2026-07-15T04:00:00Z')) ?? 0;
    expect(new Date(first).toISOString()).toBe('2026-08-03T13:00:00.000Z');
    const audit = ['permissions', 'exposure', 'sign-in', 'vulnerabilities'];
    expect(audit.map((key) => bench.stepOf(`monthly ${key}`).check)).toEqual([
      ...['file-permissions', 'exposed-secrets', 'sign-in-required', 'vulnerabilities'],
    ]);
    expect(audit.slice(0, 3).every((key) => bench.stepOf(`monthly ${key}`).required)).toBe(true);
  });

  it('asks each month for a decision about each credential, with the command that rotates it', () => {
    for (const [step, credential] of [
      ['rotate-dashboard', 'dashboard-password'],
      ['rotate-telegram', 'telegram-token'],
      ['rotate-mail', 'mail-password'],
    ]) {
      const { human, dueHours } = bench.stepOf(`monthly ${step}`);
      expect([human, dueHours]).toEqual([
        expect.stringMatching(`fermata secret rotate ${credential}[\\s\\S]*Note what was decided, and why`),
        120,
      ]);
    }
    // The bot's token is not ours to make.
    expect(bench.stepOf('monthly rotate-telegram').human).toContain(
      'take a new one from BotFather (/revoke)',
    );
  });

  it.each<[string, string, () => void]>([
    ['a key that the group may read', 'secrets/decision-key has mode 640', () => chmodSync(key(), 0o640)],
    ['secrets that others may list', 'secrets has mode 701', () => chmodSync(paths.secrets, 0o701)],
    ['a home that others may enter', 'has mode 711', () => chmodSync(bench.home, 0o711)],
    [
      'a folder of sockets that others may enter',
      'has mode 755',
      () => mkdirSync(paths.sockets, { recursive: true, mode: 0o755 }),
    ],
    [
      'what people sign with, open to others',
      'people/keys.json has mode 604',
      () => {
        mkdirSync(join(bench.home, 'people'), { recursive: true, mode: 0o700 });
        writeFileSync(join(bench.home, 'people', 'keys.json'), '{}', { mode: 0o604 });
      },
    ],
    ['logs that others may read', 'logs has mode 750', () => chmodSync(paths.logs, 0o750)],
    [
      'a desk file that anybody may write',
      'desk.yaml has mode 646, anybody may write it',
      () => chmodSync(ownDeskFile(), 0o646),
    ],
  ])('finds by its permissions %s', async (_what, said, open) => {
    ownDeskFile();
    expect(await bench.run('monthly permissions')).toMatchObject({ verdict: 'pass' });
    try {
      open();
      const { verdict, observed } = await bench.run('monthly permissions');
      expect([verdict, observed]).toEqual(['fail', expect.stringContaining(said)]);
    } finally {
      for (const path of [bench.home, paths.secrets, paths.logs]) chmodSync(path, 0o700);
      chmodSync(key(), 0o600);
      rmSync(join(bench.home, 'people'), { recursive: true, force: true });
      rmSync(paths.sockets, { recursive: true, force: true });
    }
  });

  it('finds what belongs to another user', async () => {
    const other = vi.spyOn(process, 'getuid').mockReturnValue((process.getuid?.() ?? 0) + 1);
    onTestFinished(() => other.mockRestore());
    const { verdict, observed } = await bench.run('monthly permissions');
    expect([verdict, observed]).toEqual(['fail', expect.stringMatching(/belongs to user \d+: chown it/)]);
  });

  it('looks at no permissions where there are no secrets to look at', async () => {
    const { runtime } = bench.context;
    const nowhere = join(bench.home, 'nowhere');
    bench.context = { ...bench.context, runtime: { ...runtime, home: nowhere } };
    expect(await bench.run('monthly permissions')).toMatchObject({ verdict: 'not_run' });
  });

  it.each<[string, string, (secret: string) => unknown]>([
    ['the log', 'logs: ', (secret) => bench.writeLog([1, 'info', `connecting with ${secret}`])],
    ['a row of the database', 'the database', (secret) => aTask(`use ${secret}`)],
    ['the desk file', 'desk file ', (secret) => appendFileSync(ownDeskFile(), `# ${secret}\n`)],
    [
      'what Temporal keeps, over the end of what is read at once',
      'Temporal: ',
      (secret) => writeFileSync(temporalFile, `${'x'.repeat(1024 * 1024 - 9)}${secret}`),
    ],
  ])('finds a secret in %s, and never says what it is', async (_where, place, plant) => {
    expect(await bench.run('monthly exposure')).toMatchObject({ verdict: 'pass' });
    for (const [name, secret] of [
      ['decision-key', readSecret(bench.home, 'decisionKey')],
      ['smtp-password', MAIL_PASSWORD],
    ] as const) {
      await plant(secret);
      const { verdict, observed } = await bench.run('monthly exposure');
      expect([verdict, observed]).toEqual(['fail', expect.stringContaining(`${name} is in ${place}`)]);
      expect(observed).not.toContain(secret);
      await bench.database.pool.query(`update task set detail = '' where desk = $1`, [
        bench.context.desk.desk,
      ]);
    }
  });

  it('finds the second of two secrets in one file', async () => {
    const file = join(paths.secrets, 'two-lines');
    writeFileSync(file, 'the-first-of-two\nthe-second-of-two\n', { mode: 0o600 });
    onTestFinished(() => rmSync(file));
    bench.writeLog([1, 'info', 'connecting with the-second-of-two']);
    const { verdict, observed } = await bench.run('monthly exposure');
    expect([verdict, observed]).toEqual(['fail', expect.stringContaining('two-lines is in logs: ')]);
  });

  it('finds a secret that the environment has', async () => {
    vi.stubEnv('TELEGRAM_BOT_TOKEN', '1000001:AAof-the-environment');
    onTestFinished(() => void vi.unstubAllEnvs());
    bench.writeLog([1, 'info', 'asked /bot1000001:AAof-the-environment/getMe']);
    const { verdict, observed } = await bench.run('monthly exposure');
    expect([verdict, observed]).toEqual(['fail', expect.stringContaining('TELEGRAM_BOT_TOKEN is in logs: ')]);
    expect(observed).not.toContain('AAof-the-environment');
  });

  it('finds a secret behind long rows, of which no answer of the database holds many', async () => {
    const { pool, ownerPool: owner } = bench.database;
    const longest = { chars: 0 };
    const query = async (...asked: unknown[]) => {
      const answer = await pool.query(...(asked as [string]));
      const chars = answer.rows.reduce((sum, row) => sum + JSON.stringify(row).length, 0);
      longest.chars = Math.max(longest.chars, chars);
      return answer;
    };
    bench.context = { ...bench.context, pool: { query } as never };
    await owner.query('create table long_rows (text text not null)');
    onTestFinished(async () => void (await owner.query('drop table long_rows')));
    await owner.query('grant select on long_rows to fermata_app');
    await owner.query(`insert into long_rows select repeat('x', 65536) from generate_series(1, 600)`);
    expect(await bench.run('monthly exposure')).toMatchObject({
      verdict: 'pass',
      // 600 × 64 KiB, and the rest of the database.
      observed: expect.stringMatching(/in (?:39|4\d)\.\d MB: none/),
    });
    await owner.query('insert into long_rows values ($1)', [MAIL_PASSWORD]);
    expect(await bench.run('monthly exposure')).toMatchObject({
      verdict: 'fail',
      observed: expect.stringContaining('smtp-password is in the database'),
    });
    expect(longest.chars).toBeLessThan(10e6);
  });

  it('has not looked for secrets where logs or database can’t be read', async () => {
    bench.removeLog();
    expect(await bench.run('monthly exposure')).toMatchObject({ verdict: 'not_run' });
    bench.writeLog();
    const query = () => Promise.reject(new Error('connection refused'));
    bench.context = { ...bench.context, pool: { query } as never };
    const { verdict, observed } = await bench.run('monthly exposure');
    expect([verdict, observed]).toEqual([
      'not_run',
      expect.stringContaining('the database (connection refused)'),
    ]);
  });

  it('signs in, is answered, signs out and is refused', async () => {
    expect(await bench.run('monthly sign-in')).toMatchObject({ verdict: 'pass' });
  });

  it('finds a page that answers everybody, and one that lets nobody in', async () => {
    const open = createServer((_asked, answer) => answer.end('{"accessToken":"x"}'));
    const closed = createServer((_asked, answer) => answer.writeHead(401).end('{}'));
    try {
      servedAt(await listening(open));
      const { verdict, observed } = await bench.run('monthly sign-in');
      expect([verdict, observed]).toEqual([
        'fail',
        [
          ...['a request without a sign-in', 'a request with a made-up token', 'a button without a sign-in'],
          ...['a sign-in that was ended', 'a link for the second time'],
        ]
          .map((what) => `${what} was answered with 200`)
          .join('; '),
      ]);
      servedAt(await listening(closed));
      expect(await bench.run('monthly sign-in')).toMatchObject({
        verdict: 'fail',
        observed: 'a link of this desk was answered with 401',
      });
    } finally {
      open.close();
      closed.close();
    }
  });

  it('has not tried to sign in where no page answers', async () => {
    servedAt('127.0.0.1:1');
    expect(await bench.run('monthly sign-in')).toMatchObject({ verdict: 'not_run' });
  });
});

const key = (): string => join(paths.secrets, 'decision-key');
/** A copy that the test may change, in the place of the one that ships. */
const ownDeskFile = (): string => {
  const folder = join(bench.home, 'desk');
  const file = join(folder, 'desk.yaml');
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileSync(file, readFileSync(resolveDesk('slob')), { mode: 0o644 });
  const { runtime } = bench.context;
  bench.context = { ...bench.context, runtime: { ...runtime, deskFolder: folder, writtenFile: file } };
  return file;
};
const tasks = () => readTasks(bench.database.pool, bench.context.desk.desk);
const aTask = (detail: string) =>
  openTask(bench.database.pool, {
    ...{
      desk: bench.context.desk.desk,
      source: 'planted',
      title: 'planted',
      detail,
      dueMs: Date.now() + DAY,
    },
  }).then(() =>
    bench.database.pool.query('update task set detail = $2 where desk = $1', [
      bench.context.desk.desk,
      detail,
    ]),
  );

describe('the scan of dependencies', () => {
  const known = new Map<string, unknown>();
  const ADVISORY = {
    ...{
      id: 4711,
      url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
      title: 'Reads what it should not',
    },
    ...{ severity: 'high', vulnerable_versions: '*', cwe: [], cvss: { score: 7.5, vectorString: null } },
  };
  /** Of npm’s own protocol: what is installed comes in, what is known of it goes out. */
  const registry = createServer((asked, answer) => {
    const chunks: Buffer[] = [];
    asked.on('data', (chunk: Buffer) => chunks.push(chunk));
    asked.on('end', () => {
      if (!asked.url?.endsWith('/advisories/bulk')) return answer.writeHead(404).end('{}');
      const body = Buffer.concat(chunks);
      const installed = JSON.parse((body[0] === 0x1f ? gunzipSync(body) : body).toString()) as object;
      const found = [...known].filter(([name]) => name in installed);
      answer
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(Object.fromEntries(found)));
    });
  });
  const registryAt = (address: string): void => {
    for (const name of ['npm_config_registry', 'NPM_CONFIG_REGISTRY']) vi.stubEnv(name, address);
    vi.stubEnv('npm_config_noproxy', '127.0.0.1');
  };
  let address = '';
  beforeAll(async () => {
    address = `http://${await listening(registry)}/`;
  });
  afterAll(() => {
    registry.closeAllConnections();
    registry.close();
  });

  it('passes, names what is vulnerable in this installation, and is not run where nobody can be asked', async () => {
    registryAt(address);
    expect(await bench.run('monthly vulnerabilities')).toMatchObject({ verdict: 'pass' });
    known.set('fastify', [ADVISORY]);
    expect(await bench.run('monthly vulnerabilities')).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/^1: fastify \* \(high\): Reads what it should not$/),
      findings: {
        dueDays: 30,
        found: [
          {
            ...{ key: 'fastify:GHSA-aaaa-bbbb-cccc', title: 'Vulnerable: fastify' },
            // Of every version: no other one is without it.
            detail: expect.stringMatching(
              /GHSA-aaaa-bbbb-cccc no upgrade removes it yet: .* It stays open until/,
            ),
          },
        ],
      },
    });
    // On Wednesdays as well, beside what is merely behind.
    expect(await bench.run('mid-week security')).toMatchObject({
      verdict: 'fail',
      findings: { dueDays: 30 },
    });
    registryAt('http://127.0.0.1:1/');
    const unknown = await bench.run('monthly vulnerabilities');
    expect(unknown).toMatchObject({
      verdict: 'not_run',
      observed: expect.stringMatching(/^no scan was made: npm audit: .*127\.0\.0\.1:1/),
    });
    expect(unknown).not.toHaveProperty('findings');
    await expect(npmAudit(bench.home, 1_000)).rejects.toThrow('has no package-lock.json');
  });

  it('opens a task for each finding, again where it is still there, until a scan finds it no more', async () => {
    let findings: Findings | undefined;
    const scan = check('a scan', NO_PARAMETERS, async () => ({
      ...{ verdict: 'fail' as Verdict, observed: '', expected: '' },
      ...(findings && { findings }),
    }));
    const { pool } = bench.database;
    const activities = createOperationsActivities({
      ...{ pool, checks: new Map([['scan', scan]]), context: bench.context },
      ...{ deskText: '', decisionKey: () => '', nowMs: Date.now, log: { error: () => undefined } as never },
    });
    const look = () =>
      new MockActivityEnvironment().run(() =>
        activities.runCheck({ check: 'scan', with: {}, timeoutSeconds: 30 }),
      );
    const scanned = async (...keys: readonly string[]) => {
      const found = keys.map((one) => ({ key: one, title: `Vulnerable: ${one}`, detail: 'upgrade it' }));
      findings = { source: 'vulnerability', dueDays: 30, found };
      const outcome = await look();
      expect(outcome).not.toHaveProperty('findings');
      const all = await tasks();
      return all.map(({ title, state }) => `${title} ${state}`).sort();
    };
    expect(await scanned('a:1', 'a:10')).toEqual(['Vulnerable: a:1 open', 'Vulnerable: a:10 open']);
    expect(await scanned('a:1', 'a:10')).toHaveLength(2);
    const [first] = (await tasks()).filter(({ title }) => title === 'Vulnerable: a:1');
    expect(first!.dueMs - Date.now()).toBeGreaterThan(29 * DAY);
    const { desk } = bench.context.desk;
    await closeTask(pool, { desk, id: first!.id, state: 'done', by: 'anna', note: 'upgraded' });
    expect(await scanned('a:1', 'a:10')).toEqual([
      ...['Vulnerable: a:1 done', 'Vulnerable: a:1 open', 'Vulnerable: a:10 open'],
    ]);
    findings = undefined;
    await look();
    expect((await tasks()).filter(({ state }) => state === 'open')).toHaveLength(2);
    expect(await scanned('a:10')).toEqual([
      ...['Vulnerable: a:1 done', 'Vulnerable: a:1 done', 'Vulnerable: a:10 open'],
    ]);
    expect(await scanned()).toEqual([
      ...['Vulnerable: a:1 done', 'Vulnerable: a:1 done', 'Vulnerable: a:10 done'],
    ]);
  });
});

it('the runbook is changed in the desk file, version and date with it', () => {
  const text = readFileSync(resolveDesk('slob'), 'utf8');
  const changed = text.replace(
    'version: "2.0", updated: "2025-12-26"',
    'version: "2.1", updated: "2026-11-22"',
  );
  expect(parseDesk(resolveDesk('slob'), changed).desk.runbook).toEqual({
    version: '2.1',
    updated: '2026-11-22',
  });
});

describe('the health score of Fridays', () => {
  const scored = (verdicts: Readonly<Record<string, Verdict>>) => {
    const asked: string[] = [];
    const givenTo: Record<string, unknown> = {};
    const scripted = [...CHECKS.keys()].map((name) => {
      const outcome = { verdict: verdicts[name] ?? 'pass', observed: `${name} looked`, expected: '' };
      return [
        name,
        check('a scan', z.looseObject({}), async (_context, given) => {
          asked.push(name);
          if (Object.keys(given).length > 0) givenTo[name] = given;
          return outcome;
        }),
      ] as const;
    });
    const { check: named, with: given } = bench.stepOf('friday health');
    expect(named).toBe('health-score');
    return healthScore(new Map(scripted), SCORED)(bench.context, given).then((outcome) => ({
      ...outcome,
      asked,
      givenTo,
    }));
  };

  it('is made of the deployment’s and the security checks', async () => {
    const { asked, givenTo, observed } = await scored({});
    expect(asked.toSorted()).toEqual([
      ...['backup-age', 'books-agree', 'configuration', 'data-fresh', 'database', 'database-intact'],
      ...['disk-space', 'evidence-unbroken', 'exposed-secrets', 'file-permissions', 'sign-in-required'],
      ...['venue-reachable', 'vulnerabilities'],
    ]);
    expect(observed).toBe('100 of 100 (deployment 9 of 9, security 4 of 4)');
    // As the desk's own routines run them.
    expect(givenTo).toEqual({
      'disk-space': { freeMbMin: 10_240 },
      'backup-age': { maxAgeHours: 24 },
      vulnerabilities: { dueDays: 30 },
    });
  });

  it.each<[Verdict, Verdict]>([
    ['fail', 'fail'],
    ['warn', 'fail'],
    ['not_run', 'not_run'],
  ])('is no pass where a single one is %s', async (one, whole) => {
    const { verdict, observed } = await scored({ 'sign-in-required': one });
    expect([verdict, observed]).toEqual([
      whole,
      `92 of 100 (deployment 9 of 9, security 3 of 4); sign-in-required ${one}: sign-in-required looked`,
    ]);
  });

  it('is no pass where a single one can’t be finished', async () => {
    const passes = check('a scan', z.looseObject({}), async () => ({
      verdict: 'pass',
      observed: '',
      expected: '',
    }));
    const checks = new Map([...CHECKS.keys()].map((name) => [name, passes]));
    const unfinished = check('a scan', NO_PARAMETERS, () => Promise.reject(new Error('connection refused')));
    checks.set('database', unfinished);
    expect(await healthScore(checks, SCORED)(bench.context, {})).toMatchObject({
      verdict: 'fail',
      observed: '92 of 100 (deployment 8 of 9, security 4 of 4); database fail: connection refused',
    });
  });
});
