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
