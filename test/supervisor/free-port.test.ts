import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort } from '../../src/supervisor/free-port.js';

/** Where Linux begins to take the near ends of outgoing connections from. */
const FIRST_OUTGOING = 32_768;

test('free ports lie below those of outgoing connections, and none is chosen twice', async () => {
  const ports: number[] = [];
  for (let at = 0; at < 40; at++) ports.push(await freePort());
  expect(new Set(ports).size).toBe(40);
  for (const port of ports) {
    expect(port).toBeGreaterThan(1023);
    expect(port).toBeLessThan(FIRST_OUTGOING);
  }
});

test('two processes that choose at once choose different ports', async () => {
  const script = `
    const { freePort } = await import(process.argv[1]);
    const ports = [];
    for (let at = 0; at < 10; at++) ports.push(await freePort());
    console.log(JSON.stringify(ports));`;
  const built = new URL('../../dist/supervisor/free-port.js', import.meta.url).href;
  const choose = (): number[] =>
    JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '-e', script, built], { encoding: 'utf8' }),
    ) as number[];
  const ports = [...choose(), ...choose(), ...choose()];
  expect(new Set(ports).size).toBe(30);
});

test('takes the preferred port where it is free, another where it is not', async () => {
  const taken = createServer();
  // None that an outgoing connection of somebody else takes once it is free again.
  const port = await freePort();
  await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
  expect(await freePort(port)).not.toBe(port);
  await new Promise((resolve) => taken.close(resolve));
  expect(await freePort(port)).toBe(port);
});
