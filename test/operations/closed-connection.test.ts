import { constants, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { openTemporal, TemporalUnavailable } from '../../src/temporal/open-temporal.js';

it('closing while a call is being tried again harms nobody: the call fails by its deadline', async () => {
  const thrown: unknown[] = [];
  const listener = (error: unknown): void => void thrown.push(error);
  process.prependListener('uncaughtException', listener);
  // Port 1 refuses at once, so the client tries again and again.
  const temporal = openTemporal({
    home: null,
    temporal: { kind: 'external', address: '127.0.0.1:1', namespace: 'fermata', uiAddress: null },
  });
  const call = temporal.within(1_500, (client) => client.workflow.getHandle('any').describe());
  const outcome = expect(call).rejects.toBeInstanceOf(TemporalUnavailable);
  await new Promise((settle) => setTimeout(settle, 400));
  await temporal.close();
  await outcome;
  process.removeListener('uncaughtException', listener);
  expect(thrown).toEqual([]);
});

it('a server that ends a call itself, as it does at the deadline, is one that did not answer', async () => {
  const server = createServer();
  server.on('stream', (stream) => stream.close(constants.NGHTTP2_CANCEL));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const temporal = openTemporal({
    home: null,
    temporal: { kind: 'external', address: `127.0.0.1:${port}`, namespace: 'fermata', uiAddress: null },
  });
  const call = temporal.within(5_000, (client) => client.workflow.getHandle('any').describe());
  await expect(call).rejects.toBeInstanceOf(TemporalUnavailable);
  await temporal.close();
  await new Promise((resolve) => server.close(resolve));
});
