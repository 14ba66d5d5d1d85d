import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Command } from 'commander';
import { isContainer } from '../../desk/desk-environment.js';
import { contactsToFillIn } from '../../desk/notify-schema.js';
import { ownFolderOf, paperTwinIn } from '../../desk/paper-twin.js';
import { type DeskFound, desksFound } from '../../desk/resolve-desk.js';
import { deskNameIn } from '../../desk/yaml-file.js';
import { pipText } from '../../domain/build-instrument.js';
import { counted } from '../../domain/figure-text.js';
import type { Mode } from '../../domain/mode.js';
import { capabilityLines, capabilityWords } from '../../domain/order-bounds.js';
import { desksHomes, desksStartedIn, hasOwnPeople } from '../../home/installation.js';
import { writtenFileOf } from '../../home/runtime.js';
import { type StartedDesk, startedDesks } from '../../home/started-desks.js';
import { hasEnded } from '../../supervisor/desk-end.js';
import { loadDesk, remarksOn } from '../../venue/load-desk.js';
import { capabilitiesOf } from '../../venue/registry.js';
import { checkAliases, type KnownCommand } from '../aliases.js';
import { usageFailure } from '../failure.js';
import { lastStartOf, namedDeskFile, otherFileOf, stepPartsOf, wasStartedFrom } from '../named-desk.js';
import { printJson, printLines } from '../output.js';
import { installationHome } from '../running-desk.js';

interface ListedDesk extends DeskFound {
  /** Whether it was ever started with this FERMATA_HOME. */
  readonly started: boolean;
  readonly runs: boolean;
  /** It has not ended, but its supervisor does not answer. */
  readonly silent: boolean;
  /** The desk whose paper twin it is. Null: it is no twin. */
  readonly twinOf: string | null;
  /** Null: its trader does not answer. */
  readonly mode: Mode | null;
  /** It ran here, and does not share the people of the installation. */
  readonly ownPeople: boolean;
  /** Address of its page. Null: it has ended, or never ran. */
  readonly page: string | null;
}

export function desksCommand(command: Command): void {
  command.option('--json', 'for scripts').action(async ({ json }: { json?: boolean }) => {
    const home = installationHome();
    const desks = await listed(home);
    if (json === true) printJson({ home, desks });
    else printLines([...desks.map(line), '', `Kept below ${home}. Start one: fermata up --desk NAME`]);
  });
}

async function listed(installation: string): Promise<readonly ListedDesk[]> {
  const here = await startedDesks(installation);
  const before = desksHomes(installation).flatMap(desksStartedIn);
  const found = desksFound();
  const silent = await silentOf(here);
  const rows = ofOneFile(found.map((desk) => ({ desk, last: startedFrom(desk, here) })));
  const byPath = here.filter((one) => !rows.some(({ last }) => last === one));
  return [...rows, ...byPath.map((last) => ({ desk: foundByPath(last), last }))].map(({ desk, last }) => {
    const name = last?.runtime.desk ?? desk.name;
    const isSilent = last !== undefined && silent.has(name);
    return {
      ...desk,
      name,
      started: before.includes(name),
      runs: last?.runs ?? false,
      silent: isSilent,
      twinOf: last?.runtime.twinOf ?? twinNamedIn(desk),
      mode: last?.mode ?? null,
      ownPeople: last !== undefined && hasOwnPeople(last.runtime.home),
      page: last?.runs || isSilent ? (last?.page ?? null) : null,
    };
  });
}

interface Row {
  readonly desk: DeskFound;
  readonly last: StartedDesk | undefined;
}

/** Two files may name one desk, and it was started from one of them. */
const ofOneFile = (rows: readonly Row[]): readonly Row[] =>
  rows.map(({ desk, last }) => {
    const of = rows.filter((row) => row.last === last);
    const exact = of.find((row) => row.last !== undefined && wasStartedFrom(row.last.runtime, row.desk.file));
    return { desk, last: exact === undefined || exact.desk === desk ? last : undefined };
  });

/** By its file: a folder may have another name than its desk, and a copy has that of a desk that runs from elsewhere. */
function startedFrom(
  { name, file, problem }: DeskFound,
  here: readonly StartedDesk[],
): StartedDesk | undefined {
  if (problem !== null) return here.find(({ runtime }) => runtime.desk === name);
  const said = deskNameIn(file);
  return (
    here.find(({ runtime }) => runtime.desk === said && otherFileOf(runtime, file) === null) ??
    here.find(({ runtime }) => runtime.desk === name && wasStartedFrom(runtime, file))
  );
}

/** In containers no supervisor is expected. */
async function silentOf(here: readonly StartedDesk[]): Promise<ReadonlySet<string>> {
  if (isContainer(process.env)) return new Set();
  const asked = here.filter(({ runs }) => !runs);
  const ended = await Promise.all(asked.map(({ runtime }) => hasEnded(runtime.home)));
  return new Set(asked.filter((_, at) => ended[at] === false).map(({ runtime }) => runtime.desk));
}

/** For a desk that has not run here. Problems with its file are for `desk check` to report. */
function twinNamedIn({ file, problem }: DeskFound): string | null {
  try {
    return problem === null ? (paperTwinIn(file, readFileSync(file, 'utf8'))?.file.twinOf ?? null) : null;
  } catch {
    return null;
  }
}

/** A desk that was last started from a file that no name leads to. */
const foundByPath = ({ runtime }: StartedDesk): DeskFound => ({
  name: runtime.desk,
  file: writtenFileOf(runtime),
  problem: null,
});

function line({
  name,
  file,
  problem,
  started,
  runs,
  silent,
  twinOf,
  mode,
  ownPeople,
  page,
}: ListedDesk): string {
  if (problem !== null) return `! ${name}: ${file}; ${problem}`;
  const past = started ? 'ran here before' : 'never ran here';
  const state = runs ? 'runs here' : silent ? 'does not answer' : past;
  const now = runs || silent ? [(mode ?? 'no answer').padEnd(9), page] : [];
  const at = basename(file) === 'desk.yaml' ? dirname(file) : file;
  const twin = twinOf === null ? [] : [`paper twin of ${twinOf}`];
  const people = ownPeople ? ['people of its own'] : [];
  return [name.padEnd(20), state.padEnd(16), ...twin, ...people, ...now, at].join(' ');
}

/** `commands`: our own, for which a desk's aliases stand. */
export const deskCommandOf =
  (commands: readonly KnownCommand[]) =>
  (command: Command): void => {
    command
      .command('check')
      .description('check a desk file: every problem with its line, key, expected and found')
      .argument('[file]', 'name, folder or file of a desk')
      .option('--desk <name>', 'the same, as in every other command')
      .option('--json', 'for scripts')
      .action((file: string | undefined, options: { desk?: string; json?: boolean }) => {
        const named = file ?? options.desk;
        if (named === undefined || (file !== undefined && options.desk !== undefined))
          throw usageFailure(
            `expected one desk, found ${named === undefined ? 'none' : `${file} and ${options.desk}`}`,
            'fermata desk check NAME',
          );
        return check(named, commands, options.json === true);
      });
  };

async function check(nameOrFile: string, commands: readonly KnownCommand[], json: boolean): Promise<void> {
  const file = namedDeskFile(nameOrFile, null, (near) => `fermata desk check ${near}`);
  const { desk, configHash } = loadDesk(file, { parts: stepPartsOf(file) });
  const routines = desk.routines.map(({ name }) => name);
  const aliases = await checkAliases(ownFolderOf(file), commands, routines);
  const toFillIn = contactsToFillIn(desk);
  const canIn = capabilitiesOf(desk);
  const capabilities = desk.instruments.flatMap(({ symbol, kind }) => {
    const can = canIn(kind);
    return can === undefined ? [] : [{ symbol, ...capabilityWords(can) }];
  });
  const remarks = [...aboutName(file, desk.desk), ...remarksOn(desk)];
  if (json) {
    const { desk: name, mode } = desk;
    printJson({ file, desk: name, mode, configHash, problems: [], capabilities, toFillIn, remarks });
    return;
  }
  printLines([
    `✓ ${file}`,
    `  desk ${desk.desk}, ${desk.twinOf === undefined ? desk.mode : `paper twin of ${desk.twinOf}`}, ${desk.instruments.map(({ symbol }) => symbol).join(', ')}`,
    ...desk.instruments.flatMap((one) => pipText(one, desk.paper.currency) ?? []).map((line) => `  ${line}`),
    ...capabilityLines(capabilities).map((line) => `  ${line}`),
    ...toFillIn.map((line) => `  ! contacts: ${line}`),
    ...remarks.map((line) => `  ! ${line}`),
    ...(aliases === 0 ? [] : [`  ${counted(aliases, 'name')} of its own for commands (aliases.yaml)`]),
    `  ${counted(desk.strategies.length, 'strategy', 'strategies')}, ${counted(desk.routines.length, 'routine')}, configuration ${configHash.slice(0, 12)}`,
  ]);
}

function aboutName(file: string, desk: string): readonly string[] {
  const other = otherFileOf(lastStartOf(installationHome(), desk), file);
  const ownName = 'a copy needs a name of its own (desk: in its file)';
  if (other !== null)
    return [
      `desk ${desk} last ran from ${other}, which is still there, and does not start from here: ${ownName}`,
    ];
  const leadsHere = desksFound().find((one) => one.file === file)?.name ?? desk;
  return leadsHere === desk
    ? []
    : [`--desk ${leadsHere} leads here, and the desk is called ${desk}, whose account it trades: ${ownName}`];
}
