import { artefactsKey } from '../desk/artefacts.js';
import { deskEnvironment } from '../desk/desk-environment.js';
import { areAsRead, type ReadStrategies } from '../desk/own-strategies.js';
import type { Desk } from '../desk/schema.js';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import { messageOf } from '../domain/message-of.js';
import { readDeskHere } from '../home/desk-here.js';
import { writtenFileOf } from '../home/runtime.js';
import { readStatus } from '../trader/read-status.js';
import { check } from './check.js';

const SHOWN = 8;

/**
 * Compares the desk file on the disk, as its person wrote it, with the one that this installation was started
 * with and the one that the trader runs.
 */
export const configuration = check(
  'The trader runs the configuration that was loaded',
  NO_PARAMETERS,
  async ({ trader, runtime, desk }) => {
    const expected = `desk file, start and trader agree on ${short(runtime.configHash)}`;
    const { settings } = await readStatus({ trader });
    const { fileConfigHash: traders, version } = settings;
    const file = hashOfFile(writtenFileOf(runtime), desk, runtime.home);
    const observed = `desk file ${short(file)}, start ${short(runtime.configHash)}, trader ${short(traders)}${version === 0 ? '' : `, settings version ${version}`}`;
    if (traders !== runtime.configHash) return { verdict: 'fail', observed, expected };
    // An edited file has no effect until the next start: worth a warning, no reason to stay halted.
    return { verdict: file === runtime.configHash ? 'pass' : 'warn', observed, expected };
  },
);

/**
 * With what the environment sets, as at a start. The code of strategies is compared, never run: a draft may take
 * long to compile, or never end.
 */
function hashOfFile(file: string, started: Desk, home: string): string {
  const changed: string[] = [];
  const strategies: ReadStrategies = (folder, kinds, artefacts) =>
    new Map(
      kinds.flatMap((kind) => {
        const own = started.strategies.find(
          (strategy) =>
            strategy.kind === kind && artefactsKey(strategy.artefacts) === artefactsKey(artefacts),
        )?.own;
        if (own !== undefined && areAsRead(folder, own.files)) return [[kind, own]];
        changed.push(kind);
        return [];
      }),
    );
  try {
    const { configHash } = readDeskHere(file, { strategies }, deskEnvironment(), home).wanted;
    return changed.length === 0 ? configHash : `changed (${changed.join(', ')})`;
  } catch (error) {
    return `unreadable (${messageOf(error)})`;
  }
}

const short = (hash: string): string => (/^[0-9a-f]{32,}$/.test(hash) ? hash.slice(0, SHOWN) : hash);
