/** A container's role that hangs: its process lives, and nobody ends it. It takes half a minute to be sure of that. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeployedRoles } from '../containers/deployed-roles.js';
import { until } from '../support/eventually.js';

/** Who hangs, and who notices. */
const ROLES_HERE = ['trader', 'operations-worker'];

const deployed = new DeployedRoles();
beforeAll(() => deployed.start({ roles: ROLES_HERE, preflights: false }));
afterAll(() => deployed.end());

describe('roles that are started one by one, with the environment of docker-compose.yml', () => {
  it('that hang open an incident too, which says how to start them again', async () => {
    for (const role of ROLES_HERE) await deployed.programs.becomesHealthy(role);
    const before = (await deployed.crashes()).map(({ id }) => id);
    const { process: bot } = deployed.programs.running.get('trader') ?? {};
    bot?.kill('SIGSTOP');
    const silent = await until(
      'the incident',
      async () => (await deployed.crashes()).find(({ id }) => !before.includes(id)) ?? null,
      120_000,
    ).finally(() => bot?.kill('SIGCONT'));
    expect(silent).toMatchObject({
      title: 'trader is silent',
      detail: expect.stringContaining('docker-compose restart bot'),
    });
  });
});
