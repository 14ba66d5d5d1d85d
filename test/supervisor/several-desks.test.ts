/** Two desks of one FERMATA_HOME: the servers are one each, everything else is a desk's own, and either may end first. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { homeOf } from '../../src/home/installation.js';
import type { Runtime } from '../../src/home/runtime.js';
import { askSupervisor } from '../../src/home/supervisor-protocol.js';
import { openPool } from '../../src/store/pool.js';
import { down } from '../../src/supervisor/desk-end.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { until } from '../support/eventually.js';
import { makeHome, processesOf, processOf, removeHome, runningOf, startUp } from './support/desk-home.js';

const installation = makeHome();
const first = homeOf(installation, 'crypto-bot');
const second = homeOf(installation, 'second');
const runtimeOf = (home: string): Runtime =>
  JSON.parse(readFileSync(join(home, 'run', 'runtime.json'), 'utf8'));

function secondDesk() {
  const folder = join(installation, 'desks', 'second');
  mkdirSync(folder, { recursive: true });
  const text = readFileSync('desks/crypto-bot/desk.yaml', 'utf8').replace(/^desk: .*$/m, 'desk: second');
  writeFileSync(join(folder, 'desk.yaml'), text);
  return loadDesk(join(folder, 'desk.yaml'));
}

const rolesOf = async (home: string): Promise<readonly string[]> =>
  (await askSupervisor(home, 'processes', {}))
    .filter(({ name }) => name !== 'postgres' && name !== 'temporal')
    .map(({ name, pid, restarts }) => `${name} ${pid} ${restarts}`);

/** Without those that may have run in a process of the other desk. */
const ownRolesOf = async (home: string): Promise<readonly string[]> =>
  (await rolesOf(home)).filter((role) => /^(trader|engine-worker) /.test(role));

async function answersItsDesk(home: string, desk: string): Promise<boolean> {
  const pool = openPool(runtimeOf(home));
  try {
    const { rows } = await pool.query('select distinct desk from settings_version');
    return rows.length === 1 && rows[0].desk === desk;
  } catch {
    return false;
  } finally {
    await pool.end();
  }
}

beforeAll(async () => {
  // Side by side: one of them starts the servers, the other waits for them.
  await Promise.all([startUp(first), startUp(second, { loaded: secondDesk() })]);
});

afterAll(async () => {
  await Promise.all([first, second].map((home) => down(home, { hurry: true })));
  for (const home of [first, second]) removeHome(home);
});

describe('two desks of one FERMATA_HOME', () => {
  test('the first has the folder itself, the other a home in it, and both are known again', () => {
    expect(first).toBe(installation);
    expect(second).toBe(join(installation, 'desk-homes', 'second'));
    expect(homeOf(installation, 'second')).toBe(second);
    expect(homeOf(installation, 'crypto-bot')).toBe(first);
  });

  test('share the servers, each with a database and a namespace of its own, and no port or key', async () => {
    const [one, other] = [runtimeOf(first), runtimeOf(second)];
    expect(other.postgres.port).toBe(one.postgres.port);
    expect([one.postgres.database, other.postgres.database]).toEqual(['fermata', 'desk_second']);
    expect(other.temporal.address).toBe(one.temporal.address);
    expect([one.temporal.namespace, other.temporal.namespace]).toEqual(['fermata', 'fermata-second']);
    const ports = [one, other].flatMap((of) => [
      of.web.port,
      of.temporalUiProxy.port,
      ...Object.values(of.workerMetrics ?? {}),
    ]);
    expect(new Set(ports).size).toBe(8);
    expect(other.supervisorSocket).not.toBe(one.supervisorSocket);
    for (const key of ['decision-key', 'token-key', 'payload-key'])
      expect(readFileSync(join(second, 'secrets', key), 'utf8')).not.toBe(
        readFileSync(join(first, 'secrets', key), 'utf8'),
      );
    // People are those of the installation.
    const passwords = [first, second].map((home) => existsSync(join(home, 'secrets', 'operator-password')));
    expect(passwords).toEqual([true, false]);
    expect(await answersItsDesk(first, 'crypto-bot')).toBe(true);
    expect(await answersItsDesk(second, 'second')).toBe(true);
  });

  test('a process of one that is killed is nothing to the other', async () => {
    const others = await rolesOf(first);
    const before = await runningOf(second, 'trader');
    process.kill(before.pid, 'SIGKILL');
    await until('the trader again', async () => {
      const now = await processOf(second, 'trader');
      return now?.state === 'running' && now.restarts === 1;
    });
    expect(await rolesOf(first)).toEqual(others);
  });

  test('whoever goes on has the servers, at the same address, though who started them has ended', async () => {
    const owner = (await processOf(first, 'postgres')) === null ? second : first;
    const [stays, desk] = owner === first ? [second, 'second'] : [first, 'crypto-bot'];
    const roles = await ownRolesOf(stays);
    expect(await down(owner)).toEqual({ kind: 'ended' });
    await until('its servers', async () => {
      await Promise.all([runningOf(stays, 'postgres'), runningOf(stays, 'temporal')]);
      return answersItsDesk(stays, desk);
    });
    expect(await ownRolesOf(stays)).toEqual(roles);
    // The other one comes back as a guest.
    await startUp(owner, owner === second ? { loaded: secondDesk() } : {});
    expect(await processOf(owner, 'postgres')).toBeNull();
    expect(runtimeOf(owner).postgres.port).toBe(runtimeOf(stays).postgres.port);
    expect(await down(owner)).toEqual({ kind: 'ended' });
    expect(await answersItsDesk(stays, desk)).toBe(true);
  });

  test('the last one ends the servers too', async () => {
    await Promise.all([first, second].map((home) => down(home)));
    expect(processesOf(installation)).toEqual([]);
  });
});
