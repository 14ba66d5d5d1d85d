import { type Command, Option } from 'commander';
import { ANY_ROLE, BUILT_IN_OPERATOR } from '../../domain/roles.js';
import { namedOnCli } from '../../home/cli-session.js';
import { homeOf } from '../../home/installation.js';
import { isContainer } from '../../home/is-container.js';
import { runtimeHere } from '../../home/runtime-here.js';
import { summaryLines } from '../../validation/report/summary.js';
import { keepRequest } from '../../validation/request.js';
import { loadDesk } from '../../venue/load-desk.js';
import { runLines, withRun } from '../act-on-desk.js';
import { dayValue } from '../days.js';
import { signedInPerson } from '../desk-person.js';
import { EXIT_FAILED, EXIT_OK } from '../failure.js';
import { dataFile, speedValue } from '../market-choice.js';
import { namedDeskFile, stepPartsOf } from '../named-desk.js';
import { collected, wholeNumber } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { progressPrinter } from '../progress-printer.js';
import { fermataHome, installationHome } from '../running-desk.js';
import { simulatedVenueValue } from '../simulated-venue.js';
import { periodToTrade } from '../stored-minutes.js';
import { runsDesk, type Validated, validateByWorkflow, validateHere } from '../validate-desk.js';
import {
  boundValue,
  durationValue,
  idValue,
  type ValidateOptions,
  validationRequest,
} from '../validation-options.js';

const SEED_MAX = 4_294_967_295;
const PROGRESS_TOTAL = 1000;

export function validateCommand(command: Command): void {
  command
    .option(
      '--duration <time>',
      'market time to paper-trade, exactly: 90m, 48h, 7d; needed unless two days are named',
      durationValue,
    )
    .option('--from <date>', 'on stored minutes (fermata data fetch): first day, UTC', dayValue)
    .option('--to <date>', 'last day, UTC; all of it, unless --duration is shorter', dayValue)
    .option(
      '--simulated-venue <[name=]address>',
      'whose stored minutes: those of a simulator on this machine',
      simulatedVenueValue,
    )
    .option('--desk <name or file>', 'which desk; by default the one that runs here', undefined)
    .option(
      '--data <file>',
      'recorded prices: FILE or SYMBOL=FILE; repeat for more, also of one symbol',
      collected(dataFile),
    )
    .option(
      '--speed <times>',
      'of recorded or simulated prices: a number, realtime or max (default)',
      speedValue,
    )
    .option('--seed <number>', 'of simulated prices', wholeNumber(0, SEED_MAX))
    .addOption(
      new Option('--market <source>', 'where prices come from without --data').choices([
        'auto',
        'live',
        'simulated',
      ]),
    )
    .option('--min-trades <count>', 'instead of the desk file’s', wholeNumber(0, 1_000_000))
    .option('--min-win-rate <percent>', 'instead of the desk file’s', boundValue(0, 100))
    .option('--min-sharpe <ratio>', 'instead of the desk file’s', boundValue(-100_000, 100_000))
    .option('--max-drawdown <percent>', 'instead of the desk file’s', boundValue(0, 100))
    .option('--id <id>', 'join or go on with the validation of this id', idValue)
    .option('--as <person>', 'who asks for it: whoever is signed in')
    .option('--json', 'print the report as JSON; progress goes to standard error')
    .action(async (options: ValidateOptions) => {
      process.exitCode = await validate(options);
    });
}

/** All options are checked before anything is begun. */
async function validate(options: ValidateOptions): Promise<number> {
  const home = fermataHome();
  const runtime = runtimeHere(home);
  const file = namedDeskFile(options.desk, runtime);
  const loaded = loadDesk(file, { parts: stepPartsOf(file, runtime) });
  const people = loaded.desk.people.map(({ name }) => name);
  const person =
    options.as === undefined
      ? (namedOnCli(home, Date.now()) ?? people[0] ?? BUILT_IN_OPERATOR)
      : signedInPerson({ home, deskFile: loaded.file }, ANY_ROLE, options.as);
  const stored = await periodToTrade(options, loaded.desk, home, runtime?.simulatedVenue);
  // The result counts for this desk's start with real money, so the desk gets its home now.
  if (!isContainer(process.env)) homeOf(installationHome(), loaded.desk.desk);
  const asked = validationRequest(options, loaded, stored, person, Date.now());
  const request = keepRequest(home, asked, loaded);
  const showBar = progressPrinter(process.stderr);
  const onProgress = ({ part, trades }: { readonly part: number; readonly trades: number }): void =>
    showBar({
      kind: 'bar',
      text: `validation ${request.id}, ${trades} trades`,
      done: Math.round(part * PROGRESS_TOTAL),
      total: PROGRESS_TOTAL,
    });
  const validated =
    runtime !== null && (await runsDesk(runtime, request.desk))
      ? await validateByWorkflow(runtime, request, onProgress)
      : await validateHere(home, request, onProgress);
  return show(validated, options.json === true);
}

function show({ report, files, workflowId, problems }: Validated, json: boolean): number {
  if (json) printJson({ ...report, files, ...withRun({ workflowId }), problems });
  else {
    printLines([
      ...summaryLines(report),
      `  report      ${files.json}`,
      `  with charts ${files.html}`,
      ...runLines({ workflowId }),
      ...problems.map((problem) => `  ! ${problem}`),
    ]);
  }
  return report.recommendation === 'GO' ? EXIT_OK : EXIT_FAILED;
}
