/** What the end of a run says of the tests that failed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { failuresIn } from '../../scripts/proofs/run-report.mjs';

it('names each failed test as a proof does, with the beginning of its message, and a file that could not run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-report-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const report = join(folder, 'report.json');
  const frames = ['    at test/a.test.ts:2:38', '    at file:///x/node_modules/runner/dist/index.js:1:1'];
  const ofTest = (status: string, failureMessages: string[]) => ({
    ...{ ancestorTitles: ['a desk'], title: 'stops', status, failureMessages },
  });
  const testResults = [
    {
      name: join(folder, 'test/a.test.ts'),
      status: 'failed',
      message: '',
      assertionResults: [
        ofTest('failed', [['\u001b[31mAssertionError\u001b[39m: expected 1 to be 2', ...frames].join('\n')]),
        ofTest('passed', []),
      ],
    },
    {
      name: join(folder, 'test/b.test.ts'),
      status: 'failed',
      message: 'no such module',
      assertionResults: [],
    },
    {
      name: join(folder, 'test/c.test.ts'),
      status: 'passed',
      message: '',
      assertionResults: [ofTest('passed', [])],
    },
  ];
  writeFileSync(report, JSON.stringify({ testResults }));
  expect(failuresIn(report, folder)).toEqual([
    { name: 'test/a.test.ts > a desk > stops', why: ['AssertionError: expected 1 to be 2', frames[0]] },
    { name: 'test/b.test.ts', why: ['no such module'] },
  ]);
});
