import { type Command, InvalidArgumentError } from 'commander';
import { OPERATOR } from '../../domain/roles.js';
import { CHANNELS, type Channel } from '../../home/channel-health.js';
import { actingPerson } from '../desk-person.js';
import { EXIT_FAILED, EXIT_OK, failureLines } from '../failure.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../running-desk.js';

interface Options {
  readonly as?: string;
  readonly json?: boolean;
}

export function notifyCommand(command: Command): void {
  command
    .command('test')
    .description('send a test alert, and say whether it reached anybody')
    .argument('<channel>', CHANNELS.join(' or '), channel)
    .option('--as <person>', 'who asks for it: the signed-in person')
    .option('--json', 'for scripts')
    .action(async (tested: Channel, { as, json }: Options) => {
      const outcome = await withOperations(
        (operations, runtime) =>
          operations.testAlert({ person: actingPerson(runtime, OPERATOR, as), via: 'cli' }, tested),
        'the alert to arrive, at most 20 s',
      );
      const { ok, detail, doThis = AS_IT_STANDS } = outcome;
      const refusal = { keptSafe: KEPT, doThis };
      if (json === true) printJson({ ...outcome, ...(ok ? {} : refusal) });
      else
        printLines(
          ok ? [`✓ ${detail}`] : failureLines({ message: detail, ...refusal, exitCode: EXIT_FAILED }),
        );
      process.exitCode = ok ? EXIT_OK : EXIT_FAILED;
    });
}

const KEPT = 'the desk goes on as it was; what it has to tell stands on the page and in fermata incidents';
const AS_IT_STANDS = 'mend what is named; fermata status says how alerts stand, then again';

function channel(text: string): Channel {
  const known = CHANNELS.find((one) => one === text);
  if (known !== undefined) return known;
  throw new InvalidArgumentError(`expected ${CHANNELS.join(' or ')}`);
}
