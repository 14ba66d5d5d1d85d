/**
 * Where a test fails, what it has begun says how it stands, before it is ended and its folder is gone: of a failure that does
 * not come again, what CI prints is all that is left.
 */
import { beforeEach } from 'vitest';

beforeEach(({ onTestFailed }) =>
  onTestFailed(async () => {
    // Only here: most test files begin no desk, and would load all of this for nothing.
    const { accountsAtFailure } = await import('./desk-under-test.js');
    for (const account of accountsAtFailure) console.error(await account());
  }),
);
