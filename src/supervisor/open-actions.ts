/** Running actions of the desk's own folder: each ends within its own time limit, even if its parent has ended. */
import { existsSync } from 'node:fs';
import { moment } from '../domain/moment.js';
import { filesOf, namesBegun, readKept } from '../pack/done-once.js';
import type { Begun } from '../pack/protocol.js';
import { commandLineOf } from './process-table.js';

/** Also as earlier builds started it, of which one may still run. */
const PROGRAM = /\bpack[/-]child\.js run\b/;

/** One text per action. `folder`: records of actions that have begun and ended. */
export async function openActions(folder: string): Promise<readonly string[]> {
  const open = namesBegun(folder)
    .map((name) => filesOf(folder, name))
    .filter(({ endedFile }) => !existsSync(endedFile));
  return (await Promise.all(open.map(({ begunFile }) => goesOn(begunFile)))).flat();
}

/** The pid may belong to another process by now. */
async function goesOn(begunFile: string): Promise<readonly string[]> {
  const begun = readKept<Begun>(begunFile);
  if (begun === null || !PROGRAM.test((await commandLineOf(begun.pid)) ?? '')) return [];
  const { pid, action, begunMs, limitMs } = begun;
  const until = limitMs === undefined ? '' : `, until ${moment(begunMs + limitMs)} at the latest`;
  return [`action ${action ?? ''} (process ${pid}${until})`];
}
