/** The same as `test/end-to-end/raw-requests.test.ts`, until a rare one has been among them. */
import { afterAll, it } from 'vitest';
import { deskUnderTest } from '../support/desk-under-test.js';
import { survivesRawRequests } from '../support/survives-raw-requests.js';

const desk = deskUnderTest();
afterAll(() => desk.dispose());

it('lives on, every process of it, after 100,000 raw requests and frames', async () => {
  await survivesRawRequests(desk, Number(process.env.RAW_SEED ?? Date.now() % 1_000_000), 100_000);
});
