import type { Command } from 'commander';
import type { ConnectionTest } from '../../checks/preflight/connection-reading.js';
import { readDeskHere } from '../../home/desk-here.js';
import type { Runtime } from '../../home/runtime.js';
import { runtimeHere } from '../../home/runtime-here.js';
import { EXIT_FAILED, EXIT_OK } from '../failure.js';
import { sourcesOf } from '../monitor-shown.js';
import { namedDeskFile, stepPartsOf } from '../named-desk.js';
import { MARKS, printJson, printLines, sayingWhat } from '../output.js';
import { fermataHome } from '../running-desk.js';
import { askedVenueOptions, type SimulatedVenue, venueAddress } from '../simulated-venue.js';

interface Options {
  readonly desk?: string;
  readonly simulatedVenue?: SimulatedVenue;
  readonly json?: boolean;
}

export function connectionCommand(command: Command): void {
  const test = command
    .command('test')
    .description(
      'check over separate connections that the venue’s session, market data and account are there',
    );
  askedVenueOptions(test).action(async (options: Options) => {
    process.exitCode = await testConnectionHere(options);
  });
}

/** Needs no running desk, and disturbs none. A check that could not run counts as not passed. */
async function testConnectionHere({ desk: named, simulatedVenue, json }: Options): Promise<number> {
  const home = fermataHome();
  const runtime = runtimeHere(home);
  const file = namedDeskFile(named, runtime);
  const { testConnection } = await import('../../checks/preflight/connection-reading.js');
  const { desk } = readDeskHere(file, { parts: stepPartsOf(file, runtime) }, process.env, home).wanted;
  const address = venueAddress(desk, simulatedVenue) ?? runtime?.simulatedVenue;
  const place = { env: process.env, simulatedVenue: address };
  const asking = monthsHere(desk.desk, runtime).then((months) =>
    testConnection({ desk, ...place, months }, Date.now()),
  );
  const test = await sayingWhat(() => 'waiting for the venue to answer', asking);
  if (json === true) printJson(test);
  else printLines(connectionLines(desk.desk, test));
  return test.verdict === 'pass' ? EXIT_OK : EXIT_FAILED;
}

/**
 * Which months the desk's rolled futures stand for. Undefined: not known, since the desk does not run here.
 */
async function monthsHere(desk: string, runtime: Runtime | null) {
  if (runtime?.desk !== desk) return undefined;
  const { monthsTold } = await import('../../trader/engine-config.js');
  return sourcesOf(runtime)
    .status()
    .then(monthsTold, () => undefined);
}

function connectionLines(desk: string, { endpoint, parts }: ConnectionTest): string[] {
  return [
    `Connection of ${desk} to ${endpoint}`,
    ...parts.map(({ title, verdict, observed }) => `${MARKS[verdict]} ${title}: ${observed}`),
  ];
}
