/** TWS or IB Gateway as a program that the supervisor runs, mostly through IBC, which signs it in. */
import { accessSync, constants, statSync } from 'node:fs';
import { connect } from 'node:net';
import { isAbsolute } from 'node:path';
import { text } from '../../desk/environment-variable.js';
import type { Companion, CompanionLeftOut, Environment } from '../definition.js';
import type { VenueEndpoint } from '../prices.js';
import { framed, onFrames, VERSION } from './audit-reading.js';
import { addressOf, type GatewayAddress, gatewayAt, given } from './settings.js';

const PROGRAM = 'IBKR_GATEWAY_PROGRAM';
const ARGUMENTS = 'IBKR_GATEWAY_ARGS';
const ANSWER_MS = 2_000;
const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|::1)$/;

export const programText = text.refine(
  isProgram,
  'the absolute path of a file that this user may execute, such as /opt/ibc/gatewaystart.sh (chmod +x makes it so)',
);

/** One argument: parts with and without quotes, side by side. */
const WORD = /(?:"[^"]*"|'[^']*'|[^\s"'])+/g;
const CLOSED_QUOTES = /^(?:"[^"]*"|'[^']*'|[^"'])*$/;

export const argumentsText = text
  .regex(CLOSED_QUOTES, 'arguments with spaces between them, and each quote closed')
  .transform((line) => (line.match(WORD) ?? []).map(unquoted));

/** Throws RangeError with the variable's name. */
export function companionAt(endpoint: VenueEndpoint, env: Environment): Companion | CompanionLeftOut | null {
  const program = given(env, PROGRAM, programText);
  const args = given(env, ARGUMENTS, argumentsText);
  if (program === null) {
    if (args === null) return null;
    throw new RangeError(`${ARGUMENTS}: expected ${PROGRAM} beside it; found no program to pass these to`);
  }
  if (endpoint.kind === 'simulator')
    return {
      leftOut: `${program} (${PROGRAM}) is not started: the desk uses the simulator at ${endpoint.address}`,
    };
  const at = gatewayAt(addressOf(endpoint), env);
  if (!LOOPBACK.test(at.host))
    throw new RangeError(
      `${PROGRAM}: expected IBKR_GATEWAY at an address of this machine, where that program runs; found ${at.host}:${at.port}. ` +
        `Start it on that machine and remove ${PROGRAM} here, or set IBKR_GATEWAY to 127.0.0.1 with its port`,
    );
  return {
    ...{ name: 'gateway', program, args: args ?? [], at },
    handshake: () => greeted(at),
    mayWaitFor: 'it may wait for a person: look at its window, or for its question on the phone',
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isAbsolute(path) && statSync(path).isFile();
  } catch {
    return false;
  }
}

const unquoted = (word: string): string => word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2');

/** The port is open, and a version agreed on, only once it is signed in. */
function greeted({ host, port }: GatewayAddress): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const fail = (why: string): void => {
      reject(new Error(why));
      socket.destroy();
    };
    socket.setTimeout(ANSWER_MS, () =>
      fail(`${host}:${port} gives no version within ${ANSWER_MS / 1_000} s`),
    );
    socket.once('error', ({ message }) => fail(message));
    socket.once('close', () => fail(`${host}:${port} ended the connection`));
    socket.once('connect', () => {
      socket.write('API\0', 'latin1');
      socket.write(framed(`v${VERSION}..${VERSION}`));
    });
    onFrames(socket, fail, ([version = '']) => {
      if (Number(version) < VERSION)
        fail(`it speaks version ${version} of its protocol, and ${VERSION} is needed: install a newer one`);
      resolve(`version ${version} of the protocol at ${host}:${port}`);
      socket.destroy();
    });
  });
}
