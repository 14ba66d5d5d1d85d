/** What `fermata restart --all` looks at once everything is started again. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { MonitorShown } from '../../src/checks/read-monitor.js';
import { monitorLines } from '../../src/cli/monitor-shown.js';
import { healthProblems } from '../../src/cli/restart-all.js';

type Looked = Pick<MonitorShown, 'status' | 'processes' | 'stored'>;

const process = (name: string, state: 'running' | 'down') =>
  ({ name, state, pid: 1, restarts: 0, upMs: 1, memoryBytes: 1 }) as const;
const WELL: Looked = {
  status: { mode: 'HALTED' } as never,
  processes: [process('supervisor', 'running'), process('trader', 'running'), process('web', 'running')],
  stored: { database: 1, backups: 1 },
};

async function pageThatAnswers(status: number): Promise<number> {
  const page = createServer((_asked, answer) => answer.writeHead(status).end());
  await new Promise<void>((listens) => page.listen(0, '127.0.0.1', listens));
  onTestFinished(() => {
    page.closeAllConnections();
    page.close();
  });
  return (page.address() as AddressInfo).port;
}

const problems = (port: number, looked: Partial<Looked> = {}) =>
  healthProblems({ web: { host: '127.0.0.1', port } }, { ...WELL, ...looked });

it('is well where trader, processes, database and page answer, halted or not', async () => {
  expect(await problems(await pageThatAnswers(200))).toEqual([]);
});

it.each<[string, Partial<Looked>]>([
  ['trader: no answer', { status: { missing: 'no answer' } }],
  ['web is down', { processes: [process('trader', 'running'), process('web', 'down')] }],
  ['processes: no supervisor', { processes: { missing: 'no supervisor' } }],
  ['database: connection refused', { stored: { missing: 'connection refused' } }],
])('names what is not: %s', async (problem, looked) => {
  expect(await problems(await pageThatAnswers(200), looked)).toEqual([problem]);
});

it.each([
  [0, 'no error is kept'],
  [2, 'fermata monitor --full shows the newest'],
])('says of %i errors today, none of which is shown, no more than is so', (errorsToday, says) => {
  const away = { missing: 'no answer' };
  const shown = { desk: 'd', status: away, processes: away, stored: away, disk: away } as MonitorShown;
  const lines = monitorLines({ ...shown, ...{ errorsToday, errors: [], setups: [], tail: [], alerts: [] } });
  expect(lines.join('\n')).toContain(`errors today: ${errorsToday}\n  ${says}`);
});

it('names a page that is unhealthy, or does not answer', async () => {
  expect(await problems(await pageThatAnswers(503))).toEqual(['page: it answers 503']);
  // Nothing listens at the first port.
  expect(await problems(1)).toEqual(['page: it does not answer']);
});
