/** Actions of the desk's own folder that go on: each ends within its own limit, whoever else has ended before. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Begun } from '../pack/protocol.js';
import { commandLineOf } from './process-table.js';

const BEGUN = /\.begun$/;
const PROGRAM = /\bpack\/child\.js run\b/;

/** Each in words. `folder`: of what was begun and what ended. */
export async function openActions(folder: string): Promise<readonly string[]> {
  const open = namesIn(folder).filter((name) => !existsSync(join(folder, name.replace(BEGUN, '.ended'))));
  return (await Promise.all(open.map((name) => goesOn(join(folder, name))))).flat();
}

/** A process of this number may be another one since. */
async function goesOn(file: string): Promise<readonly string[]> {
  const begun = read(file);
  if (begun === null || !PROGRAM.test((await commandLineOf(begun.pid)) ?? '')) return [];
  const { pid, action, begunMs, limitMs } = begun;
  const until =
    limitMs === undefined ? '' : `, until ${new Date(begunMs + limitMs).toISOString()} at the latest`;
  return [`action ${action ?? ''} (process ${pid}${until})`];
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => BEGUN.test(name)) : [];
}

function read(file: string): Begun | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Begun;
  } catch {
    return null;
  }
}
