/** deploy/prometheus without Prometheus: it asks where something answers, and for figures that are really there. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { operationsQueue } from '../../src/contracts/queues.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { installRuntime } from '../../src/worker/install-runtime.js';
import { roleLog } from '../../src/worker/role-log.js';
import { METRICS_TOKEN, startWebUnderTest, type WebUnderTest } from '../api/web-under-test.js';
import { repository } from '../support/desk-under-test.js';
import { type Bench, openBench } from '../workflows/support/desk-bench.js';
import { resume } from '../workflows/support/resumptions.js';
import { compose, environmentOf } from './compose-file.js';

const FOLDER = join(repository, 'deploy/prometheus');
const read = (name: string): unknown => parse(readFileSync(join(FOLDER, name), 'utf8'));

interface Configuration {
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly {
    readonly job_name: string;
    readonly authorization?: { readonly type: string; readonly credentials_file: string };
    readonly static_configs: readonly { readonly targets: readonly string[] }[];
    readonly dns_sd_configs?: readonly {
      readonly names: readonly string[];
      readonly type: string;
      readonly port: number;
    }[];
    readonly relabel_configs?: readonly {
      readonly source_labels: readonly string[];
      readonly regex: string;
      readonly target_label: string;
      readonly replacement: string;
    }[];
  }[];
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly for?: string;
      readonly annotations: { readonly summary: string };
    }[];
  }[];
}

const configuration = read('prometheus.yml') as Configuration;
const rules = configuration.rule_files.flatMap((name) =>
  (read(name) as Rules).groups.flatMap((one) => one.rules),
);

/** Metrics that an expression names: what is no function, no keyword and no label. */
function metricsIn(expression: string): string[] {
  const bare = expression.replaceAll(/\{[^}]*\}|\[[^\]]*\]|\b(by|without|on)\s*\([^)]*\)/g, ' ');
  return [...bare.matchAll(/[a-zA-Z_:][a-zA-Z0-9_:]*(?!\w*\s*\()/g)]
    .map(([name]) => name)
    .filter((name) => !['and', 'or', 'unless', 'sum', 'avg', 'max', 'min', 'rate'].includes(name));
}

const metricsPort = (service: string): string =>
  /^0\.0\.0\.0:(\d+)$/.exec(environmentOf(service).FERMATA_WORKER_METRICS ?? '')?.[1] ?? 'none';

/** The services with figures of a worker, by their profiles. */
const workersWith = (isAsked: (profiles: readonly string[] | undefined) => boolean): string[] =>
  Object.keys(compose.services).filter(
    (service) => metricsPort(service) !== 'none' && isAsked(compose.services[service]?.profiles),
  );

let web: WebUnderTest;
let bench: Bench;
let workerMetrics: string;
beforeAll(async () => {
  workerMetrics = `127.0.0.1:${await freePort()}`;
  await installRuntime(roleLog('test'), { role: 'engine-worker', address: workerMetrics });
  web = await startWebUnderTest(null);
  bench = await openBench(null, null, { runtimeInstalled: true });
});
afterAll(async () => {
  await web?.stop();
  await bench?.close();
});

const namesIn = (text: string): string[] =>
  [...text.matchAll(/^([a-zA-Z_:][\w:]*)[{ ]/gm)].map(([, name]) => name ?? '');

/** Of a worker that did something, and that could not do something else: what never happened is not exported. */
async function namesOfWorker(): Promise<readonly string[]> {
  const desk = await bench.desk({ serve: ['operations', 'engine'] });
  const run = await resume(bench, desk, desk.trader.halt('person', 'person'));
  await run.waitsFor('a person');
  const unknown = `no-such-workflow-${desk.name}`;
  await bench.client.workflow.start(unknown, { workflowId: unknown, taskQueue: operationsQueue(desk.name) });
  const scrape = async () => namesIn(await (await fetch(`http://${workerMetrics}/metrics`)).text());
  await expect.poll(scrape).toContain('temporal_workflow_task_execution_failed_total');
  await Promise.all([run.end(), bench.client.workflow.getHandle(unknown).terminate()]);
  return scrape();
}

/** Where this process listens, at whatever address. */
function ownPorts(): readonly number[] {
  const sockets = new Set(
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const listening = readFileSync('/proc/self/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && sockets.has(inode ?? ''));
  return listening.map(([, at = '']) => Number.parseInt(at.split(':')[1] ?? '', 16));
}

/** What a request is answered with: `fetch` sends no Host and no Origin of ours. */
const asked = (at: string, headers: Record<string, string>, path = '/metrics', method = 'GET') =>
  new Promise<number | undefined>((resolve, reject) => {
    const [host = '', port = ''] = at.split(':');
    request({ host, port, path, method, headers }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });

/** Elsewhere no loopback address is unknown, and nothing is shown. */
const onLinux = it.runIf(process.platform === 'linux');

describe('the figures that Prometheus asks for', () => {
  it('are those of the web role with its token, and of Temporal where that says them', () => {
    const targets = Object.fromEntries(
      configuration.scrape_configs.map((job) => [
        job.job_name,
        job.static_configs.flatMap((one) => one.targets),
      ]),
    );
    const [, port] = environmentOf('temporal').PROMETHEUS_ENDPOINT?.split(':') ?? [];
    expect(targets).toEqual({
      fermata: [`127.0.0.1:${environmentOf('web').FERMATA_PORT}`],
      'temporal-workers': workersWith((profiles) => profiles === undefined).map(
        (service) => `${service}:${metricsPort(service)}`,
      ),
      temporal: [`temporal:${port}`],
    });
    const { authorization } = configuration.scrape_configs[0] ?? {};
    expect(authorization).toEqual({ type: 'Bearer', credentials_file: '/secrets/metrics-token' });
    expect(compose.services.prometheus?.volumes).toContain('secrets-prometheus:/secrets:ro');
    expect(compose.services.prometheus?.network_mode).toBe('service:web');
  });

  it('are those of a worker of a profile too, of which nothing is missed while the profile is off', () => {
    const job = configuration.scrape_configs.find(({ job_name }) => job_name === 'temporal-workers');
    const ofProfiles = workersWith((profiles) => profiles !== undefined);
    expect(ofProfiles).toContain('operations-worker-2');
    // Found by its name, which is known only while it runs; a fixed target would be one that is down.
    const found = job?.dns_sd_configs?.flatMap(({ names, type, port }) =>
      names.map((name) => [name, type, `${port}`]),
    );
    expect(found).toEqual(ofProfiles.map((service) => [service, 'A', metricsPort(service)]));
    // A worker answers to its name, never to its address.
    const [named, ...more] = job?.relabel_configs ?? [];
    expect([named?.source_labels, named?.target_label, more]).toEqual([
      ['__meta_dns_name'],
      '__address__',
      [],
    ]);
    for (const service of ofProfiles) {
      const address = service.replace(new RegExp(`^${named?.regex}$`), named?.replacement ?? '');
      expect(address).toBe(`${service}:${metricsPort(service)}`);
    }
  });

  onLinux('are all exported, each that an alert is made of', async () => {
    await expect.poll(async () => (await web.call('GET', '/health')).status).toBe(200);
    const text = await (await web.call('GET', '/metrics', { token: METRICS_TOKEN })).text();
    const exported = new Set(['up', ...namesIn(text), ...(await namesOfWorker())]);
    expect(rules.length).toBeGreaterThan(5);
    for (const { alert, expr } of rules) {
      const names = metricsIn(expr);
      expect(names.length, alert).toBeGreaterThan(0);
      expect(
        names.filter((name) => !exported.has(name)),
        alert,
      ).toEqual([]);
    }
  });

  it('are read by no page of another origin: neither from Prometheus itself nor from the web role', async () => {
    const flag = '--web.cors.origin=';
    const [allowed, ...more] = (compose.services.prometheus?.command ?? []).filter((one) =>
      one.startsWith(flag),
    );
    // Prometheus anchors what it is given, and lets every origin read where it is given none.
    const origins = new RegExp(`^(?:${allowed?.slice(flag.length) ?? '.*'})$`);
    expect(more).toEqual([]);
    expect('http://localhost:9090').toMatch(origins);
    const foreign = [
      'http://evil.example',
      'http://localhost:9090.evil.example',
      'https://localhost:9090',
      'null',
    ];
    for (const origin of foreign) expect(origin).not.toMatch(origins);
    const scraped = (headers: Record<string, string>) =>
      asked(web.host, { authorization: `Bearer ${METRICS_TOKEN}`, ...headers });
    expect(await scraped({ host: web.host })).toBe(200);
    for (const origin of foreign) expect(await scraped({ host: web.host, origin }), origin).toBe(403);
    const [, port] = web.host.split(':');
    for (const host of [`evil.example:${port}`, 'evil.example', '127.0.0.1', `web:${port}`])
      expect(await scraped({ host }), host).toBe(421);
  });

  onLinux(
    'of a worker are shown under its own names only, and to no page, whatever its name leads to',
    async () => {
      const [, port] = workerMetrics.split(':');
      expect(ownPorts()).toContain(Number(port));
      const own = { host: `127.0.0.1:${port}` };
      expect(await asked(workerMetrics, own)).toBe(200);
      // As Prometheus asks in containers.
      expect(await asked(workerMetrics, { host: `engine-worker:${port}` })).toBe(200);
      for (const host of [`evil.example:${port}`, 'evil.example', '127.0.0.1', `operations-worker:${port}`])
        expect(await asked(workerMetrics, { host }), host).toBe(421);
      expect(await asked(workerMetrics, { ...own, origin: 'http://evil.example' })).toBe(421);
      expect(await asked(workerMetrics, own, '/')).toBe(404);
      expect(await asked(workerMetrics, own, '/metrics', 'POST')).toBe(404);
      // Nor does the library itself show them where a page's name could lead to.
      for (const open of ownPorts()) {
        const text = await fetch(`http://127.0.0.1:${open}/metrics`).then(
          (answer) => answer.text(),
          () => '',
        );
        if (`${open}` !== port) expect(text, `127.0.0.1:${open}`).not.toContain('temporal_');
      }
    },
  );

  it('become alerts that say what is wrong, for a time that Prometheus understands', () => {
    for (const { alert, annotations, for: lasting = '0s' } of rules) {
      expect(alert).toMatch(/^[A-Z][A-Za-z]+$/);
      expect(annotations.summary.length).toBeGreaterThan(10);
      expect(lasting).toMatch(/^\d+(s|m|h)$/);
    }
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const name of configuration.rule_files) expect(existsSync(join(FOLDER, name))).toBe(true);
  });
});
