import { basename, dirname } from 'node:path';
import type { Command } from 'commander';
import { type DeskFound, desksFound } from '../../desk/resolve-desk.js';
import { writtenFileOf } from '../../home/runtime.js';
import { runtimeHere } from '../../home/runtime-here.js';
import { askSupervisor } from '../../home/supervisor-protocol.js';
import { printJson, printLines } from '../output.js';
import { desksStartedIn, fermataHome } from '../running-desk.js';

interface ListedDesk extends DeskFound {
  /** It was started with this FERMATA_HOME before. */
  readonly started: boolean;
  readonly runs: boolean;
}

export function desksCommand(command: Command): void {
  command.option('--json', 'for scripts').action(async ({ json }: { json?: boolean }) => {
    const home = fermataHome();
    const desks = await listed(home);
    if (json === true) printJson({ home, desks });
    else printLines([...desks.map(line), '', `Kept below ${home}. Start one: fermata up --desk NAME`]);
  });
}

async function listed(home: string): Promise<readonly ListedDesk[]> {
  const running = await askSupervisor(home, 'who', {}).then(
    ({ desk }) => desk,
    () => null,
  );
  const started = desksStartedIn(home);
  const found = desksFound();
  return [...found, ...startedByPath(home, found)].map((desk) => ({
    ...desk,
    started: started.includes(desk.name),
    runs: desk.name === running,
  }));
}

/** The desk that was started last, where no name leads to its file. */
function startedByPath(home: string, found: readonly DeskFound[]): readonly DeskFound[] {
  const runtime = runtimeHere(home);
  if (runtime === null || found.some(({ name }) => name === runtime.desk)) return [];
  return [{ name: runtime.desk, file: writtenFileOf(runtime), problem: null }];
}

function line({ name, file, problem, started, runs }: ListedDesk): string {
  if (problem !== null) return `! ${name}: ${file}; ${problem}`;
  const state = runs ? 'runs here' : started ? 'ran here before' : 'never ran here';
  return `${name.padEnd(20)} ${state.padEnd(16)} ${basename(file) === 'desk.yaml' ? dirname(file) : file}`;
}
