/** What a bundled program says of an error names the sources. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../dist/run/run-role.js', import.meta.url));

it('shows where in the sources an error was made', () => {
  const { stderr, status } = spawnSync(process.execPath, [PROGRAM, 'nobody'], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^Error: there is no role "nobody"/);
  expect(stderr).toMatch(/at runRole \(src\/worker\/run-role\.ts:\d+:\d+\)/);
  expect(stderr).not.toContain('dist/run');
});
