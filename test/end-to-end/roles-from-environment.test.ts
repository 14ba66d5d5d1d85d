/** The containers' roles without containers: the same programs with the same environment, each a process of its own. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PreflightReport } from '../../src/contracts/published.js';
import { operationsQueue } from '../../src/contracts/queues.js';
import type { RoutineOutcome } from '../../src/operations/run-routine.js';
import type { UpSummary } from '../../src/supervisor/up-options.js';
import { SERVICE_OF_ROLE } from '../containers/compose-file.js';
import { DeployedRoles, ROLES } from '../containers/deployed-roles.js';
import { hasReadOnly, readOnly } from '../containers/read-only.js';
import { chatOf } from '../support/chat-of.js';
import { until } from '../support/eventually.js';
import { signedIn } from '../support/signed-in.js';
import { TRADING_KEY } from '../venue-binance/support/raw-client.js';

const isEntry = (line: string): boolean => {
  try {
    const { time, msg } = JSON.parse(line) as Record<string, unknown>;
    return typeof time === 'number' && typeof msg === 'string';
  } catch {
    return false;
  }
};

const deployed = new DeployedRoles();
beforeAll(() => deployed.start());
afterAll(() => deployed.end());

describe('roles that are started one by one, with the environment of docker-compose.yml', () => {
  it.each(ROLES)('%s becomes healthy', (role) => deployed.programs.becomesHealthy(role));

  it.skipIf(!hasReadOnly)('can write their volumes only: neither the image nor anything else', () => {
    const touch = (file: string) => {
      const { command, args } = readOnly(deployed.folder, deployed.image, ['touch', file]);
      return spawnSync(command, args).status;
    };
    expect(touch(join(deployed.home, 'written'))).toBe(0);
    for (const place of [deployed.image, tmpdir()])
      expect(touch(join(place, 'fermata-written')), place).not.toBe(0);
  });

  it('find every file of the image that the code names', () => {
    const compiled = readdirSync(join(deployed.image, 'dist'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js') && !name.startsWith('dashboard'))
      .map((name) => join(deployed.image, 'dist', name));
    const named = compiled.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/new URL\('(\.[^']+)', import\.meta\.url\)/g)].map(
        ([, path = '']) => join(dirname(file), path),
      ),
    );
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('trade', async () => {
    await until('a fill', async () => {
      const now = await deployed.status();
      return now.mode === 'ACTIVE' && now.fills > 0;
    });
  });

  it('serve health and dashboard, without sign-in, on the port that is configured', async () => {
    const at = (path: string) => fetch(`http://127.0.0.1:${deployed.here.FERMATA_PORT}${path}`);
    expect((await at('/health')).status).toBe(200);
    const page = await at('/');
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('<title>Fermata</title>');
  });

  it('do not start with real money where a check fails, and say which', () => {
    expect(deployed.refused.code).toBe(1);
    expect(deployed.refused.stdout).toMatch(/crypto-bot does not start with real money: API key/);
    expect(deployed.allowed).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Rate limit configured: off'),
    });
  });

  it('make the pre-flight where the keys are, asked of the page, which has none', async () => {
    const call = await signedIn({
      dashboardUrl: `http://127.0.0.1:${deployed.here.FERMATA_PORT}/`,
      passwordFile: join(deployed.secrets, 'operator-password'),
    } as UpSummary);
    // A token alone tells nobody anything: an alert has to have arrived.
    const alert = ['bin/fermata.js', 'notify', 'test', 'telegram'];
    const sent = await deployed.programs.run('cli', {}, alert);
    expect(sent.code, sent.stdout + sent.stderr).toBe(0);
    const { status: code, body } = await call<PreflightReport>('GET', 'preflight');
    expect(code, JSON.stringify(body)).toBe(200);
    const verdicts = Object.fromEntries(body.results.map(({ key, verdict }) => [key, verdict]));
    expect(verdicts).toMatchObject({ 'api-key': 'pass', balance: 'pass', symbols: 'pass', telegram: 'pass' });
  });

  it('say by name that nobody watches real money where the auditor has no key, once, and open no incident else', async () => {
    expect(deployed.allowed.stdout).toContain(
      'Auditor can read the account: BINANCE_AUDITOR_API_KEY is not set',
    );
    expect(deployed.unwatched).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('BINANCE_AUDITOR_API_KEY'),
    });
    const all = await until('the incident', async () => {
      const found = await deployed.crashes();
      return found.length > 0 ? found : null;
    });
    expect(all).toMatchObject([{ subject: 'auditor', detail: expect.stringContaining('BINANCE_AUDITOR') }]);
    expect((await deployed.listedCrashes()).map(({ id }) => id)).toEqual(all.map(({ id }) => id));
  });

  it('know people who were linked from inside a container', async () => {
    const command = ['bin/fermata.js', 'telegram', 'link', 'operator', '--json'];
    const { stdout, stderr } = await deployed.programs.run('cli', {}, command);
    expect(stderr).toBe('');
    const operator = chatOf(deployed.people, 501);
    operator.write(`/start ${(JSON.parse(stdout) as { code: string }).code}`);
    await operator.reads(/You are operator on crypto-bot/);
  });

  it('take a backup and prove that it restores, asked from inside a container', async () => {
    for (const command of [['backup', '--verify'], ['drill']]) {
      const { code, stdout, stderr } = await deployed.programs.run('operations-worker', {}, [
        'bin/fermata.js',
        ...command,
        '--json',
      ]);
      expect(code, stdout + stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ proven: true, result: { verdict: 'pass' } });
    }
  });

  it('look before real money and validate as the desk that runs, and record it, asked from inside a container', async () => {
    const { configHash } = await deployed.status();
    const looked = await deployed.programs.run('operations-worker', {}, [
      'bin/fermata.js',
      'preflight',
      '--json',
    ]);
    expect(JSON.parse(looked.stdout)).toMatchObject({ configHash });
    const options = ['--duration=1h', '--market', 'simulated', '--json'];
    const { stdout } = await deployed.programs.run('cli', {}, ['bin/fermata.js', 'validate', ...options]);
    expect(JSON.parse(stdout)).toMatchObject({
      configHash,
      workflowId: expect.stringMatching(/^validation:crypto-bot:/),
      problems: [],
    });
  });

  it('write what happens to standard output, one JSON object a line', () => {
    for (const [role, { log }] of deployed.programs.running) {
      // The last one may be half written.
      const lines = log.split('\n').slice(0, -1);
      expect(
        lines.filter((line) => !isEntry(line)),
        role,
      ).toEqual([]);
    }
    expect(deployed.programs.running.get('trader')?.log).toContain('\n');
  });

  it('are restarted alone: `restart bot` keeps the positions, and the bot reconciles and trades again', async () => {
    const before = await deployed.status();
    expect(await deployed.programs.end('trader')).toBe(0);
    expect(await deployed.programs.isHealthy('trader')).toBe(false);
    deployed.programs.start('trader');
    const after = await until('the bot back and trading', async () => {
      const now = await deployed.status();
      return now.pid !== before.pid && now.mode === 'ACTIVE' ? now : null;
    });
    expect(after.incarnation).toBe(before.incarnation);
    expect(after.fills).toBeGreaterThanOrEqual(before.fills);
    expect(after.reconciliation.differences).toEqual([]);
  });

  it('that die open an incident, which ends when the bot runs again and its books agree; a restart opens none', async () => {
    const before = (await deployed.crashes()).map(({ id }) => id);
    await deployed.programs.end('trader', 'SIGKILL');
    deployed.programs.start('trader');
    const [crash, ...others] = await until('the incident over', async () => {
      const found = (await deployed.crashes()).filter(({ id }) => !before.includes(id));
      return found[0]?.state === 'resolved' ? found : null;
    });
    expect(crash?.outcome).toBe('trader runs again; the books agree with the venue');
    expect(others).toEqual([]);
    const { stdout } = await deployed.programs.run('cli', {}, [
      'bin/fermata.js',
      'incidents',
      crash?.id ?? '',
      '--json',
    ]);
    expect(stdout).toMatch(/"Last 100 lines of its log[^}]*lines kept, SHA-256/);
  });

  it('keep a log each, without secrets, in which errors are counted and which is read from inside a container', async () => {
    const { stdout } = await deployed.programs.run('cli', {}, ['bin/fermata.js', 'logs', '--last', '10000']);
    for (const role of ROLES) expect(stdout).toMatch(new RegExp(`Z ${role} +info `));
    expect(stdout).toMatch(/Z trader +error trader had ended unexpectedly \(it left no reason/);
    const times = stdout
      .trim()
      .split('\n')
      .map((line) => line.slice(0, 24));
    expect(times).toEqual([...times].sort());
    expect(stdout).not.toContain(TRADING_KEY.secret);
    const run = await deployed.programs.run('cli', {}, ['bin/fermata.js', 'run', 'daily', '--json']);
    const { steps } = JSON.parse(run.stdout) as RoutineOutcome;
    expect(steps.find(({ key }) => key === 'errors')).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/errors \(.*trader 1/),
    });
  });

  it('have told people once with what warnings real money was to start', async () => {
    const alert = await deployed.alerts.reads(/starts with real money and \d+ warnings?/);
    expect(alert.text).toContain('Rate limit configured: off');
    expect(await deployed.programs.end('telegram')).toBe(0);
    deployed.programs.start('telegram');
    await deployed.programs.becomesHealthy('telegram');
    await until('something new', async () => {
      chatOf(deployed.people, 501).write('/status');
      return chatOf(deployed.people, 501)
        .texts()
        .some((text) => /^crypto-bot: /.test(text));
    });
    expect(deployed.alerts.texts().filter((text) => text.includes('starts with real money'))).toHaveLength(1);
  });

  it('reached Temporal by the profile alone, with certificate and key at each call', () => {
    expect(deployed.temporal.counts.passed).toBeGreaterThan(100);
    expect(deployed.temporal.counts.refused).toBe(0);
    for (const role of ['trader', 'auditor', 'ledger'])
      expect(deployed.programs.environment(SERVICE_OF_ROLE[role] ?? ''), role).not.toHaveProperty(
        'TEMPORAL_CONFIG_FILE',
      );
  });

  const restore = (...options: string[]) =>
    deployed.programs.run('restore', {}, ['bin/fermata.js', 'restore', ...options]);
  const asked = ['--latest', '--confirm', 'crypto-bot', '--json'];

  it('are not set back to a backup while any of them runs', async () => {
    const refused = await restore(...asked);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr + refused.stdout).toMatch(/trader, .*web.* of this desk run.*docs\/BACKUP\.md/s);
  });

  it('end in order when they are asked to', async () => {
    for (const role of ROLES) expect(await deployed.programs.end(role), role).toBe(0);
  });

  it('are set back to a backup by a container of its own, halted, and their open runs of meanwhile are ended', async () => {
    const connection = await Connection.connect({ address: deployed.temporalAddress });
    const { workflow } = new Client({ connection, namespace: 'fermata' });
    const open = { taskQueue: operationsQueue('crypto-bot'), workflowId: 'of-meanwhile', args: [] };
    const { workflowId } = await workflow.start('routine', open);
    const { code, stdout, stderr } = await restore(...asked);
    expect(code, stdout + stderr).toBe(0);
    const restored = JSON.parse(stdout) as {
      readonly runs: { readonly ended: number };
      readonly kept: { readonly folder: string };
    };
    expect(restored).toMatchObject({ desk: 'crypto-bot', restored: true });
    expect(restored.runs.ended).toBeGreaterThan(0);
    expect((await workflow.getHandle(workflowId).describe()).status.name).toBe('TERMINATED');
    await connection.close();
    expect(existsSync(join(restored.kept.folder, 'account', 'journal'))).toBe(true);
    await deployed.programs.setUp('stores');
    for (const role of ROLES) deployed.programs.start(role);
    const now = await until('the trader back', async () => {
      const status = await deployed.status().catch(() => null);
      return status?.reconciliation.state === 'clean' ? status : null;
    });
    expect(now.mode).toBe('HALTED');
    // Beside those of the backup: by the time of the simulated market a nightly one may have been taken as the roles ended.
    const reason: string = expect.stringContaining('restored backup');
    expect(now.halts).toContainEqual(expect.objectContaining({ cause: 'person', resume: 'person', reason }));
    await deployed.programs.becomesHealthy('ledger');
    for (const role of ROLES) expect(await deployed.programs.end(role), role).toBe(0);
  });

  it('do not begin with half of a backup', async () => {
    const mark = join(deployed.home, 'restore', 'switch.json');
    writeFileSync(mark, JSON.stringify({ backupId: 'x', desk: 'crypto-bot' }));
    const { code, stdout } = await deployed.programs.run('stores');
    rmSync(mark);
    expect(code).toBe(1);
    expect(stdout).toContain('docker-compose run --rm restore x --confirm crypto-bot');
  });
});
