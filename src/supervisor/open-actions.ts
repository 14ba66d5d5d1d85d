/** Actions of the desk's own folder that go on: each ends within its own limit, whoever else has ended before. */
import { existsSync } from 'node:fs';
import { moment } from '../domain/moment.js';
import { filesOf, namesBegun, readKept } from '../pack/done-once.js';
import type { Begun } from '../pack/protocol.js';
import { commandLineOf } from './process-table.js';

const PROGRAM = /\bpack\/child\.js run\b/;

/** Each in words. `folder`: of what was begun and what ended. */
export async function openActions(folder: string): Promise<readonly string[]> {
  const open = namesBegun(folder)
    .map((name) => filesOf(folder, name))
    .filter(({ endedFile }) => !existsSync(endedFile));
  return (await Promise.all(open.map(({ begunFile }) => goesOn(begunFile)))).flat();
}

/** A process of this number may be another one since. */
async function goesOn(begunFile: string): Promise<readonly string[]> {
  const begun = readKept<Begun>(begunFile);
  if (begun === null || !PROGRAM.test((await commandLineOf(begun.pid)) ?? '')) return [];
  const { pid, action, begunMs, limitMs } = begun;
  const until = limitMs === undefined ? '' : `, until ${moment(begunMs + limitMs)} at the latest`;
  return [`action ${action ?? ''} (process ${pid}${until})`];
}
