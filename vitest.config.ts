import { defineConfig } from 'vitest/config';

const shared = {
  environment: 'node' as const,
  globalSetup: ['test/support/built.ts', 'test/support/temporal-at-hand.ts'],
  pool: 'forks' as const,
  // One more than the cores that CI has: tests wait for processes, disks and timers half of their time.
  maxWorkers: 3,
  // Bounds what hangs; a machine that is busy with other things must not fail a test.
  testTimeout: 240_000,
  hookTimeout: 240_000,
  expect: { poll: { timeout: 90_000, interval: 30 } },
};

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          ...shared,
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ['test/end-to-end/**', 'test/faults/**', 'test/full/**'],
          globalSetup: [...shared.globalSetup, 'test/support/global-setup.ts'],
        },
      },
      {
        // The whole product, started as a user starts it.
        test: {
          ...shared,
          name: 'system',
          include: ['test/end-to-end/**/*.test.ts', 'test/faults/**/*.test.ts'],
          testTimeout: 360_000,
          hookTimeout: 360_000,
        },
      },
      {
        // Hours of load and full kill matrices: `npm run test:full` only.
        test: {
          ...shared,
          name: 'full',
          globalSetup: [...shared.globalSetup, 'test/support/global-setup.ts'],
          include: ['test/full/**/*.test.ts'],
          testTimeout: 4 * 3_600_000,
          maxWorkers: 1,
          fileParallelism: false,
        },
      },
    ],
  },
});
