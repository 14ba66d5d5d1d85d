/** TWS or IB Gateway as a program that a desk runs: what the environment may say of it, and who needs it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startIbkrSimulator } from '../../simulators/ibkr/start.js';
import type { Desk } from '../../src/desk/schema.js';
import { companionHere, readDeskHere } from '../../src/home/desk-here.js';
import type { Companion } from '../../src/venue/definition.js';
import { companionOf, startItsProgram } from '../../src/venue/environment.js';
import { companionAt } from '../../src/venue/ibkr/gateway-program.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { runCommand } from '../cli/run-command.js';

const SLOB = 'desks/slob/desk.yaml';
const { desk: slob } = loadDesk(SLOB);
let folder: string;
let program: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-companion-'));
  program = join(folder, 'start gateway.sh');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
  writeFileSync(join(folder, 'notes.txt'), '', { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (env: Readonly<Record<string, string>> = {}) =>
  companionAt({ kind: 'testnet' }, { IBKR_GATEWAY_PROGRAM: program, ...env }) as Companion;
const refusal = (env: Readonly<Record<string, string>>, file = SLOB) => {
  try {
    const { desk } = readDeskHere(file, {}, env, folder).wanted;
    companionHere({ desk, market: 'auto', env });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
};

describe('the environment', () => {
  it('names a program, its arguments as a shell would split them, and where it answers', () => {
    expect(companionAt({ kind: 'live' }, {})).toBeNull();
    expect(at()).toMatchObject({ name: 'gateway', program, args: [], at: { host: '127.0.0.1', port: 4002 } });
    expect(at({ IBKR_GATEWAY: '[::1]:4001' }).at).toEqual({ host: '::1', port: 4001 });
    const split = (line: string) => at({ IBKR_GATEWAY_ARGS: line }).args;
    expect(split('  -inline ')).toEqual(['-inline']);
    expect(split(`--ini "/home/a b/config.ini" --mode='paper' "" $HOME`)).toEqual([
      ...['--ini', '/home/a b/config.ini', '--mode=paper', '', '$HOME'],
    ]);
  });

  it.each([
    ['IBKR_GATEWAY_PROGRAM', 'gatewaystart.sh'],
    ['IBKR_GATEWAY_PROGRAM', '/opt/no/such/gatewaystart.sh'],
    ['IBKR_GATEWAY_PROGRAM', '/tmp'],
    ['IBKR_GATEWAY_PROGRAM', 'NOTES'],
    ['IBKR_GATEWAY_ARGS', '-inline "half a quote'],
  ])('with a bad %s (%s) starts nothing, and says what it needs', (name, value) => {
    const given = value === 'NOTES' ? join(folder, 'notes.txt') : value;
    const expected =
      name === 'IBKR_GATEWAY_PROGRAM'
        ? 'the absolute path of a file that this user may execute, such as /opt/ibc/gatewaystart.sh (chmod +x makes it so)'
        : 'arguments with spaces between them, and each quote closed';
    expect(refusal({ IBKR_GATEWAY_PROGRAM: program, [name]: given })).toContain(
      `${name}: expected ${expected}; found "${given.slice(0, 60)}"`,
    );
  });

  it('is refused if the program could not be behind the address, and arguments without a program', () => {
    expect(refusal({ IBKR_GATEWAY_PROGRAM: program, IBKR_GATEWAY: 'gateway.lan:4002' })).toContain(
      'IBKR_GATEWAY_PROGRAM: expected IBKR_GATEWAY at an address of this machine, where that program runs; found gateway.lan:4002. ' +
        'Start it on that machine and remove IBKR_GATEWAY_PROGRAM here, or set IBKR_GATEWAY to 127.0.0.1 with its port',
    );
    expect(refusal({ IBKR_GATEWAY_ARGS: '-inline' })).toContain(
      'IBKR_GATEWAY_ARGS: expected IBKR_GATEWAY_PROGRAM beside it; found no program to pass these to',
    );
    expect(refusal({ IBKR_GATEWAY_PROGRAM: program })).toBeNull();
    // A desk of another venue has nothing to do with it.
    expect(refusal({ IBKR_GATEWAY_PROGRAM: 'nonsense' }, 'desks/crypto-bot/desk.yaml')).toBeNull();
  });

  it.each([['up'], ['preflight'], ['validate', '--duration', '1h']])(
    'is refused by fermata %s before anything starts',
    async (...command) => {
      const env = { IBKR_GATEWAY_PROGRAM: '/opt/no/such/gatewaystart.sh' };
      const { code, err } = await runCommand(folder, [...command, '--desk', 'slob'], env);
      expect(err).toContain('IBKR_GATEWAY_PROGRAM: expected the absolute path of a file');
      expect(err).toContain('nothing was started');
      expect(code).not.toBe(0);
    },
  );

  it.each([
    ['up', '127.0.0.1:4002', 'prices were to be simulated'],
    ['up', null, 'IBKR_GATEWAY_PROGRAM: expected IBKR_GATEWAY at an address of this machine'],
    ['preflight', null, 'IBKR_GATEWAY_PROGRAM: expected IBKR_GATEWAY at an address of this machine'],
    ['preflight', '127.0.0.1:1', 'Pre-flight of slob'],
  ])('of another machine is refused by fermata %s if the program would run: simulator %s', async (...row) => {
    const [command, simulator, says] = row;
    const env = { IBKR_GATEWAY_PROGRAM: program, IBKR_GATEWAY: 'gateway.lan:4002' };
    const more = [
      // With these prices no such desk starts, whatever else is so.
      ...(command === 'up' && simulator !== null ? ['--market', 'simulated'] : []),
      ...(simulator === null ? [] : ['--simulated-venue', simulator]),
    ];
    const { code, out, err } = await runCommand(folder, [command, '--desk', 'slob', ...more], env);
    expect(`${out}${err}`).toContain(says);
    expect(code).not.toBe(0);
  });
});

describe('who needs it', () => {
  const paper = { ...slob, venue: { ...slob.venue, account: undefined }, feeds: ['ibkr'] } as unknown as Desk;
  const needs = (desk: Desk, more: object = {}) => {
    const env = { IBKR_GATEWAY_PROGRAM: program };
    const found = companionOf({ desk, market: 'auto', env, ...more });
    return found === null ? 'no' : 'leftOut' in found ? found.leftOut : 'yes';
  };
  const LEFT_OUT = () => `${program} (IBKR_GATEWAY_PROGRAM) is not started: the desk uses the simulator at`;

  it('a desk whose orders go through it, except to a simulator', () => {
    expect(needs(slob)).toBe('yes');
    expect(needs({ ...slob, mode: 'live' })).toBe('yes');
    expect(needs(slob, { simulatedVenue: '127.0.0.1:4002' })).toBe(`${LEFT_OUT()} 127.0.0.1:4002`);
    const env = { IBKR_GATEWAY_PROGRAM: program, IBKR_SIMULATOR: '127.0.0.1:5002' };
    expect(needs(slob, { env })).toBe(`${LEFT_OUT()} 127.0.0.1:5002`);
  });

  it('a desk on paper whose prices come through it, unless they are others', () => {
    expect(needs(paper)).toBe('yes');
    expect(needs(paper, { market: 'simulated' })).toBe('no');
    expect(needs({ ...paper, feeds: ['kraken'] })).toBe('no');
    expect(needs(paper, { simulatedFeeds: { ibkr: '127.0.0.1:5002' } })).toBe(`${LEFT_OUT()} 127.0.0.1:5002`);
    // The environment's simulator gives orders a place to go, and no prices to a desk on paper.
    const env = { IBKR_GATEWAY_PROGRAM: program, IBKR_SIMULATOR: '127.0.0.1:5002' };
    expect(needs(paper, { env })).toBe('yes');
  });
});

it('where it does not answer, a desk that runs it says so in the place of how to start one', () => {
  const question = { desk: slob, env: { IBKR_GATEWAY_PROGRAM: program } };
  expect(startItsProgram(question)).toBe(
    `${program} leads there and runs with the desk: fermata monitor says whether it does, fermata logs what it said (gateway); it may wait for a person: look at its window, or for its question on the phone`,
  );
  expect(startItsProgram({ ...question, simulatedVenue: '127.0.0.1:5002' })).toMatch(/^Start the simulator/);
});

describe('its handshake', () => {
  const greet = (port: number) => at({ IBKR_GATEWAY: `127.0.0.1:${port}` }).handshake();

  it('is a version that the adapter takes', async () => {
    const gateway = await startIbkrSimulator();
    expect(await greet(gateway.port)).toBe(`version 177 of the protocol at ${gateway.address}`);
    await gateway.close();
    await expect(greet(gateway.port)).rejects.toThrow('ECONNREFUSED');
  });

  it.each([
    ['an older one', '\0\0\0\x0a176\x00today\0', /^it speaks version 176 of its protocol, and 177 is needed/],
    ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n', /^a frame of \d+ bytes$/],
  ])('is none of %s', async (_, answer, why) => {
    const server = createServer((socket) => socket.once('data', () => socket.write(answer, 'latin1')));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    await expect(greet((server.address() as { port: number }).port)).rejects.toThrow(why);
    server.close();
  });
});
