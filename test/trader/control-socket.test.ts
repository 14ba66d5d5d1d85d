import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import {
  ControlFailure,
  connectTrader,
  type TraderClient,
  TraderUnavailable,
} from '../../src/trader/client.js';
import { listenForControl } from '../../src/trader/control/control-server.js';
import { UNFIT_TEXTS } from '../support/unfit-text.js';
import { commandResult, handlersWith, listenIn, shortFolder } from './stub-handlers.js';

function client(path: string): TraderClient {
  const made = connectTrader(path);
  onTestFinished(() => made.close());
  return made;
}

/** Sends raw bytes and gives the first answer line. */
function raw(path: string, bytes: string): Promise<{ error?: { code: string; message: string } }> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      if (!text.includes('\n')) return;
      socket.destroy();
      resolve(JSON.parse(text.slice(0, text.indexOf('\n'))));
    });
    socket.on('error', reject);
    socket.write(bytes);
  });
}

const why = { commandId: 'c-1', by: 'tester', reason: 'a test' };

it('answers a call, and many at once on one connection', async () => {
  const path = await listenIn(shortFolder());
  const trader = client(path);
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => trader.call('stop', { ...why, commandId: `c-${index}` })),
  );
  expect(answers.map((answer) => answer.commandId)).toEqual(
    Array.from({ length: 12 }, (_, index) => `c-${index}`),
  );
});

it('keeps the folder and the socket for their owner alone', async () => {
  const folder = shortFolder();
  mkdirSync(join(folder, 's'));
  chmodSync(join(folder, 's'), 0o755);
  const path = await listenIn(folder);
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('lets no other user in', async ({ skip }) => {
  if (process.getuid?.() !== 0) skip('only root can try as another user');
  const folder = shortFolder();
  chmodSync(folder, 0o755);
  const path = await listenIn(folder);
  const script = `require('net').connect(${JSON.stringify(path)}).on('error',e=>{console.log(e.code);process.exit()}).on('connect',()=>{console.log('in');process.exit()})`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], {
    uid: 65534,
    gid: 65534,
    cwd: '/',
    encoding: 'utf8',
  });
  expect(stdout.trim()).toBe('EACCES');
});

it('says which field is wrong, what was expected and what was found', async () => {
  const path = await listenIn(shortFolder());
  const request = (method: string, params: unknown) => `${JSON.stringify({ v: 1, id: 1, method, params })}\n`;
  const cases: [string, RegExp][] = [
    ['not json\n', /one JSON object a line/],
    [`${JSON.stringify({ v: 2, id: 1, method: 'status' })}\n`, /v: expected 1, found 2/],
    [request('constructor', {}), /method: "constructor" is not one of the trader's/],
    [request('stop', { commandId: 'x', by: 'me' }), /params\.reason: expected text, found nothing/],
    [request('stop', []), /params: expected an object, found \[\]/],
    [
      request('halt', { ...why, cause: 'whim', resume: 'auto' }),
      /params\.cause: expected one of .*, found "whim"/,
    ],
    [
      request('arm', { ...why, haltId: 'zz', configHash: 'h', decisions: [] }),
      /params\.haltId: expected the id of a halt: 32 hexadecimal digits, found "zz"/,
    ],
    [
      request('arm', { ...why, haltId: 'a'.repeat(32), configHash: 'h', decisions: [{}] }),
      /params\.decisions\[0\]\.decisionId: expected text, found nothing/,
    ],
    [
      request('toggle', { ...why, strategy: 's', enabled: 'yes' }),
      /params\.enabled: expected true or false, found "yes"/,
    ],
    [request('follow', { fromSequence: 0 }), /params\.fromSequence: expected at least 1, found 0/],
    [`${'x'.repeat(70_000)}`, /frames of at most 65536 bytes/],
  ];
  for (const [bytes, expected] of cases) {
    const { error } = await raw(path, bytes);
    expect(error).toMatchObject({ code: 'bad-request', message: expect.stringMatching(expected) });
  }
});

it.each(UNFIT_TEXTS)(
  'takes a stop with %s in its text, and makes the text plain',
  async (_what, text, plain) => {
    const taken: unknown[] = [];
    const path = await listenIn(shortFolder(), {
      stop: async (params) => {
        taken.push(params);
        return commandResult('c-1');
      },
    });
    await client(path).call('stop', { commandId: text, by: text, reason: text });
    expect(taken).toEqual([{ commandId: plain, by: plain, reason: plain }]);
  },
);

it('bounds what one connection has under way, and takes a stop all the same', async () => {
  const path = await listenIn(shortFolder(), { flatProof: () => new Promise(() => undefined) });
  const trader = client(path);
  const outcomes: string[] = [];
  for (let index = 0; index < 20; index += 1) {
    trader
      .call('flatProof', {}, { timeoutMs: 60_000 })
      .catch((error) => outcomes.push(error.code ?? error.name));
  }
  expect(await trader.call('stop', why)).toEqual(commandResult('c-1'));
  expect(outcomes).toEqual(['busy', 'busy', 'busy', 'busy']);
});

it('takes a stop although every connection slot is used, at the cost of the one that is idle longest', async () => {
  const path = await listenIn(shortFolder());
  const idle: Socket[] = [];
  onTestFinished(() => {
    for (const socket of idle) socket.destroy();
  });
  for (let index = 0; index < 64; index += 1) {
    idle.push(
      await new Promise((resolve) => {
        const socket = connect(path, () => resolve(socket));
      }),
    );
  }
  expect(await client(path).call('stop', why)).toEqual(commandResult('c-1'));
  const open = () => idle.filter((socket) => !socket.destroyed).length;
  await expect.poll(open).toBe(63);
});

it('removes the socket of a dead process, and refuses to take over one that answers', async () => {
  const folder = shortFolder();
  const path = join(folder, 's', 'c.sock');
  mkdirSync(join(folder, 's'), { mode: 0o700 });
  const script = `require('net').createServer().listen(${JSON.stringify(path)},()=>process.kill(process.pid,'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  expect(existsSync(path)).toBe(true);
  await listenIn(folder);
  await expect(listenForControl(path, handlersWith({}))).rejects.toThrow(
    /another trader answers.*fermata down/s,
  );
  expect(await client(path).call('heartbeat', { from: 'operations' })).toEqual({
    mode: 'HALTED',
    sequence: 7,
  });
});

it('refuses a path that the system would cut', async () => {
  const path = join(shortFolder(), 'x'.repeat(100), 'c.sock');
  await expect(listenForControl(path, handlersWith({}))).rejects.toThrow(/longer than 100 bytes/);
});

it('gives up after the deadline, says so, and goes on with later calls', async () => {
  const path = await listenIn(shortFolder(), { flatProof: () => new Promise(() => undefined) });
  const trader = client(path);
  await expect(trader.call('flatProof', {}, { timeoutMs: 50 })).rejects.toThrow(
    /did not answer flatProof within 50 ms/,
  );
  expect(await trader.call('stop', why)).toEqual(commandResult('c-1'));
});

it('tells a trader that is not there from one that refuses', async () => {
  const nobody = client(join(shortFolder(), 'none.sock'));
  await expect(nobody.call('status', {})).rejects.toBeInstanceOf(TraderUnavailable);
  const refusing = client(await listenIn(shortFolder()));
  const failure = await refusing.call('status', {}).catch((error) => error);
  expect(failure).toBeInstanceOf(ControlFailure);
  expect(failure).toMatchObject({ code: 'not-here', keptSafe: 'all', doThis: 'nothing' });
});

it('connects again after the trader was restarted', async () => {
  const folder = shortFolder();
  const path = join(folder, 's', 'c.sock');
  const first = await listenForControl(path, handlersWith({}));
  const trader = client(path);
  await trader.call('stop', why);
  await first.close();
  await expect.poll(() => trader.call('stop', why).catch((error) => error.name)).toBe('TraderUnavailable');
  await listenIn(folder);
  expect(await trader.call('stop', why)).toEqual(commandResult('c-1'));
});
