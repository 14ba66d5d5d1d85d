import type { Command } from 'commander';
import { runtimeHere } from '../../home/runtime-here.js';
import { loadDesk } from '../../venue/load-desk.js';
import { diagnosisLines, runDoctor } from '../doctor/run-doctor.js';
import { EXIT_FAILED, EXIT_OK } from '../failure.js';
import { namedDeskFile, stepPartsOf } from '../named-desk.js';
import { printJson, printLines } from '../output.js';
import { fermataHome } from '../running-desk.js';
import { sayingWhat } from '../waiting.js';

export function doctorCommand(command: Command): void {
  command
    .option('--desk <name or file>', 'desk whose port and venues are looked at')
    .option('--json', 'for scripts')
    .action(async (options: { desk?: string; json?: boolean }) => {
      process.exitCode = await doctor(options.desk, options.json === true);
    });
}

async function doctor(deskNamed: string | undefined, json: boolean): Promise<number> {
  const home = fermataHome();
  const runtime = runtimeHere(home);
  const file = namedDeskFile(deskNamed, runtime);
  const { desk } = loadDesk(file, { parts: stepPartsOf(file, runtime) });
  const looking = runDoctor({
    home,
    env: process.env,
    deskFile: file,
    apiPort: desk.api.port,
    feeds: desk.feeds,
    nowMs: Date.now,
  });
  const diagnosis = await sayingWhat(
    () => 'waiting for the programs and the public venues to answer',
    looking,
  );
  if (json) {
    printJson(diagnosis);
  } else {
    printLines(diagnosisLines(diagnosis));
  }
  return diagnosis.verdict === 'fail' ? EXIT_FAILED : EXIT_OK;
}
