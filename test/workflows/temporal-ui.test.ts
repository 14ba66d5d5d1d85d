/** What a person reads in Temporal's UI: the runbook, and where the run is in it. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backupWorkflowId, operationsQueue } from '../../src/contracts/queues.js';
import type { Desk } from '../../src/desk/schema.js';
import { PLAYBOOKS } from '../../src/playbooks/registry.js';
import { incidentStart } from '../../src/temporal/report-incident.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { until } from '../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from './support/desk-bench.js';
import { startRoutine } from './support/routines.js';

let bench: Bench;
let bot: BenchDesk;
let desk: Desk;
beforeAll(async () => {
  bench = await openBench();
  bot = await bench.desk({ serve: ['operations', 'engine'] });
  desk = { ...cryptoDesk(), desk: bot.name };
});
afterAll(() => bench?.close());

async function detailsOf(workflowId: string): Promise<string> {
  const metadata = await bench.client.workflow
    .getHandle(workflowId)
    .query<{ readonly currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}

describe("in Temporal's UI", () => {
  it('an incident reads as its runbook, and shows its steps as they are done', async () => {
    bot.trader.venueBreaker = 'open';
    const symptom = {
      kind: 'exchange-down',
      subject: '',
      key: 'k',
      source: 'trader',
      title: 'The exchange does not answer',
      detail: 'API breaker open',
    } as const;
    const start = incidentStart(desk, symptom, bot.trader.status());
    const handle = await bench.client.workflow.start('incident', start);
    const report = { key: 'k', source: 'trader', detail: 'API breaker open', atMs: Date.now() };
    await handle.executeUpdate('report', { args: [report] });
    const described = await handle.describe();
    expect(await described.staticSummary()).toBe(`Incident of ${desk.desk}: The exchange does not answer`);
    const details = await described.staticDetails();
    for (const step of PLAYBOOKS['exchange-down'].runbook) expect(details).toContain(`- ${step}`);
    expect(described.searchAttributes).toMatchObject({
      FermataDesk: [desk.desk],
      FermataRoutine: ['incident'],
      // Whoever runs Temporal reads it: what a person may have written stays sealed.
      FermataSummary: [`Incident of ${desk.desk}: exchange down`],
    });
    const shown = await until('its steps', async () => {
      const now = await detailsOf(start.workflowId);
      return now.includes('Stops stay at the exchange') ? now : null;
    });
    expect(shown).toContain('**The exchange does not answer: ');
    expect(shown).toContain('- Nobody has acknowledged it yet');
    expect(shown).toContain('- ✓ API breaker pauses calls: API breaker open');
    await handle.terminate();
  });

  it('what a routine starts says whose it is and what it does', async () => {
    const common = { title: 'Backup', onFail: 'warn', timeoutSeconds: 5, with: {} } as const;
    await (await startRoutine(bench, bot, [{ key: 'backup', action: 'backup', ...common }])).result();
    const described = await bench.client.workflow.getHandle(backupWorkflowId(bot.name)).describe();
    expect(described.taskQueue).toBe(operationsQueue(bot.name));
    expect(await described.staticSummary()).toBe(`Backup of ${bot.name}`);
    expect(await described.staticDetails()).toContain('read back byte by byte');
    expect(described.searchAttributes).toMatchObject({
      FermataDesk: [bot.name],
      FermataRoutine: ['backup'],
      FermataSummary: [`Backup of ${bot.name}`],
      FermataVerdict: ['fail'],
    });
  });
});
