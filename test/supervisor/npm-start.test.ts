/** A desk behind npm, as `npm start` and process managers have it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { askSupervisor } from '../../src/home/supervisor-protocol.js';
import { down } from '../../src/supervisor/desk-end.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { until } from '../support/eventually.js';
import { makeHome, processesOf, ROLE_DOUBLE, RUN_UP, removeHome } from './support/desk-home.js';

const folder = mkdtempSync(join(tmpdir(), 'npm-start-'));
const home = makeHome();
let npm: ChildProcess;
afterEach(async () => {
  await down(home, { hurry: true });
  npm.kill('SIGKILL');
  removeHome(home);
  rmSync(folder, { recursive: true, force: true });
});

test('a TERM to npm ends the desk in order', async () => {
  const start = [process.execPath, RUN_UP, home, ROLE_DOUBLE].map((word) => `"${word}"`).join(' ');
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'started', version: '1.0.0', scripts: { start } }),
  );
  npm = spawn('npm', ['start'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  endChildWithThisProcess(npm);
  let said = '';
  npm.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until('the desk', () => said.includes('"kind":"ready"'));
  expect(processesOf(home).length).toBeGreaterThan(3);
  npm.kill('SIGTERM');
  await until('its end', async () => {
    const gone = await askSupervisor(home, 'who', {}).then(
      () => false,
      () => true,
    );
    return gone && processesOf(home).length === 0;
  });
});
