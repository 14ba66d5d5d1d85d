/** The repository's own commands, typed wrongly: one clear line, and nothing is run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMANDS = [
  'bench',
  'breaks',
  'conformance',
  'mutants',
  'runbooks',
  'simulate',
  'smoke',
  'structure',
  'twin',
];

async function typed(command: string, option: string) {
  const args = [`scripts/${command}.mjs`, option];
  const child = endChildWithThisProcess(spawn(process.execPath, args, { cwd: ROOT }));
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, out, error };
}

it.each(COMMANDS)('npm run %s says what it takes', async (command) => {
  const wrong = await typed(command, '--no-such-option');
  expect(wrong).toMatchObject({ code: 2, out: '' });
  expect(wrong.error).toMatch(
    /^Unknown option '--no-such-option'\. Nothing was run\. It is used like this:\nnpm run /,
  );
});

it('tells it where it is asked for', async () => {
  const asked = await typed('runbooks', '--help');
  expect(asked).toMatchObject({ code: 0, error: '' });
  expect(asked.out).toContain('npm run runbooks -- ');
});
