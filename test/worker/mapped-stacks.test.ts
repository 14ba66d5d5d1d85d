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

it("says the code of Node's own errors, as Node does", () => {
  const maps = new URL('../../dist/home/mapped-stacks.js', import.meta.url).href;
  const script = `(await import(${JSON.stringify(maps)})).mapStacks(); (await import('node:fs')).readFileSync(1.5);`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(stderr).toContain('TypeError [ERR_INVALID_ARG_TYPE]: The "path" argument must be');
});
