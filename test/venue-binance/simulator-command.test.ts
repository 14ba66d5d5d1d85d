/** `npm run simulator -- binance`, as a person starts it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';

function start(...argv: string[]) {
  const child = endChildWithThisProcess(
    spawn(process.execPath, ['--import', 'tsx', 'simulators/run.ts', ...argv]),
  );
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    text += String(chunk);
  });
  return { child, text: () => text };
}

describe('the simulator as a command', () => {
  it('documents its keys, accounts and controls', async () => {
    const { child, text } = start('binance', '--help');
    expect((await once(child, 'exit'))[0]).toBe(0);
    for (const part of [
      'simDeskTrading',
      'simDeskTradingSecret',
      'may withdraw',
      '10000 USDT',
      '/_simulator/fault',
    ]) {
      expect(text()).toContain(part);
    }
  });

  it.each([[['nyse']], [['binance', '--port', 'many']], [['binance', '--colour', 'red']]])(
    'says what it expects for %j and exits 2',
    async (argv) => {
      const { child, text } = start(...argv);
      expect((await once(child, 'exit'))[0]).toBe(2);
      expect(text()).not.toBe('');
    },
  );

  it('runs until it is ended, with prices that move from their seed', async () => {
    const { child, text } = start('binance', '--port', '0', '--walk-ms', '10');
    while (!text().includes('http://')) await once(child.stdout, 'data');
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(text())?.[0] ?? '';
    const price = async () =>
      (await (await fetch(`${address}/api/v3/ticker/price?symbol=BTCUSDT`)).json()) as { price: string };
    const first = await price();
    let now = first;
    while (now.price === first.price) now = await price();
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
  });
});
