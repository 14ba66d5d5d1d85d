/** The supervisor's socket at the end of a desk: who asks whether it has ended yet must not become part of the answer. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';

const MODULE = resolve(import.meta.dirname, '../../dist/supervisor/supervisor-socket.js');

it.each(['silent', 'asking'])(
  'is closed, and what follows is done, while somebody is connected: %s',
  async (client) => {
    const folder = mkdtempSync(join(tmpdir(), 'fermata-supervisor-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'run', 'supervisor.sock');
    // As `fermata up` awaits it: with nothing else to do, a process would end in the middle of waiting, with exit code 13.
    const supervisor = endChildWithThisProcess(
      spawn(
        process.execPath,
        [
          '--input-type=module',
          '-e',
          `const { openSupervisorSocket } = await import(process.argv[1]);
         const socket = await openSupervisorSocket(process.argv[2], { who: () => new Promise(() => {}) });
         const asked = new Promise((go) => process.once('SIGUSR2', go));
         console.log('listening');
         await asked;
         await socket.close();
         console.log('closed');`,
          MODULE,
          path,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      ),
    );
    const ended = once(supervisor, 'exit');
    await once(supervisor.stdout, 'data');
    const said = text(supervisor.stdout);
    const socket = connect(path);
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    if (client === 'asking') socket.write('{"v":1,"id":1,"method":"who","params":{}}\n');
    supervisor.kill('SIGUSR2');
    expect(await ended).toEqual([0, null]);
    expect(await said).toBe('closed\n');
  },
);
