/** `npm run simulator -- ibkr`, as a person starts it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { EventName } from '@stoqey/ib';
import { afterEach, describe, expect, it } from 'vitest';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { disconnectClients, readyClient } from './support/tws-client.js';

afterEach(disconnectClients);

function start(...argv: string[]) {
  const child = endChildWithThisProcess(
    spawn(process.execPath, ['--import', 'tsx', 'simulators/run.ts', 'ibkr', ...argv]),
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      text += String(chunk);
    });
  return { child, text: () => text };
}

describe('the simulated Gateway as a command', () => {
  it('documents its contracts and controls', async () => {
    const { child, text } = start('--help');
    expect((await once(child, 'close'))[0]).toBe(0);
    for (const part of [
      '--account',
      'E-mini NASDAQ 100',
      '/_simulator/price',
      '/_simulator/link',
      'half-open',
    ])
      expect(text()).toContain(part);
  });

  it.each([
    [['--port', 'many']],
    [['--account', 'nobody']],
    [['--server-version', '201']],
    [['--colour', 'red']],
  ])('says what it expects for %j and exits 2', async (argv) => {
    const { child, text } = start(...argv);
    expect((await once(child, 'close'))[0]).toBe(2);
    expect(text()).not.toBe('');
  });

  it('runs until it is ended, with the accounts and the version that it was told', async () => {
    const { child, text } = start('--port', '0', '--account', 'DU7654321', '--server-version', '176');
    while (!/127\.0\.0\.1:\d+/.test(text())) await once(child.stdout, 'data');
    const client = await readyClient(Number(/127\.0\.0\.1:(\d+)/.exec(text())?.[1]), 3);
    expect(client.of(EventName.managedAccounts)).toEqual([['DU7654321']]);
    expect(client.api.serverVersion).toBe(176);
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
  });
});
