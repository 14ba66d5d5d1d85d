/** A sample of what `test/full/raw-requests.test.ts` sends by the hundred thousand. */
import { afterAll, it } from 'vitest';
import { deskUnderTest } from '../support/desk-under-test.js';
import { survivesRawRequests } from '../support/survives-raw-requests.js';

const desk = deskUnderTest();
afterAll(() => desk.dispose());

it('lives on, every process of it, after raw requests and frames at every port and socket that it opens', async () => {
  await survivesRawRequests(desk, Number(process.env.RAW_SEED ?? 1), 3_000);
});
