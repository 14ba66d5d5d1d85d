import type { Command } from 'commander';
import type { PreflightReport } from '../../contracts/published.js';
import { companionHere, readDeskHere } from '../../home/desk-here.js';
import { runtimeHere } from '../../home/runtime-here.js';
import { CliFailure, EXIT_FAILED, EXIT_OK } from '../failure.js';
import { namedDeskFile, stepPartsOf } from '../named-desk.js';
import { MARKS, printJson, printLines, sayingWhat } from '../output.js';
import { fermataHome } from '../running-desk.js';
import { askedVenueOptions, type SimulatedVenue, venueAddress } from '../simulated-venue.js';

interface Options {
  readonly desk?: string;
  readonly simulatedVenue?: SimulatedVenue;
  readonly json?: boolean;
}

export function preflightCommand(command: Command): void {
  askedVenueOptions(command).action(async (options: Options) => {
    process.exitCode = await preflight(options);
  });
}

/** Needs no running desk, only files, the environment and the exchange. */
async function preflight(options: Options): Promise<number> {
  const home = fermataHome();
  const runtime = runtimeHere(home);
  const file = namedDeskFile(options.desk, runtime);
  const { preflightDesk } = await import('../../operations/go-live/preflight.js');
  const known = { parts: stepPartsOf(file, runtime) };
  const { wanted: loaded } = readDeskHere(file, known, process.env, home);
  const { twinOf } = loaded.desk;
  if (twinOf !== undefined)
    throw new CliFailure(
      `${loaded.desk.desk} is the paper twin of ${twinOf} and never trades real money`,
      'nothing was asked of the exchange',
      `look at the desk itself: fermata preflight --desk ${twinOf}`,
    );
  const { env } = process;
  const simulatedVenue = venueAddress(loaded.desk, options.simulatedVenue) ?? runtime?.simulatedVenue;
  companionHere({ desk: loaded.desk, market: 'live', simulatedVenue, env });
  const looking = preflightDesk(loaded, { home, env, simulatedVenue, nowMs: Date.now });
  const report = await sayingWhat(() => 'waiting for the exchange to answer', looking);
  if (options.json === true) printJson(report);
  else printLines(preflightLines(report));
  return report.verdict === 'fail' ? EXIT_FAILED : EXIT_OK;
}

const SAID = {
  pass: 'everything is ready for real money, a go-live apart',
  warn: 'it may start; look at the warnings',
  fail: 'it does not start with real money until this is put right',
} as const;

function preflightLines({ desk, endpoint, results, verdict }: PreflightReport): string[] {
  return [
    `Pre-flight of ${desk} at ${endpoint}`,
    ...results.flatMap(({ title, verdict: one, observed, expected }) => [
      `${MARKS[one]} ${title}: ${observed}`,
      ...(one === 'pass' ? [] : [`    expected: ${expected}`]),
    ]),
    `${MARKS[verdict]} ${SAID[verdict]}`,
  ];
}
