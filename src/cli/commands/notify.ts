import { type Command, InvalidArgumentError } from 'commander';
import { OPERATOR } from '../../domain/roles.js';
import { actingPerson } from '../desk-person.js';
import { EXIT_FAILED, EXIT_OK } from '../failure.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../with-operations.js';

interface Options {
  readonly as?: string;
  readonly json?: boolean;
}

export function notifyCommand(command: Command): void {
  command
    .command('test')
    .description('send a test alert, and say whether it reached anybody')
    .argument('<channel>', 'telegram', channel)
    .option('--as <person>', 'who asks for it: whoever is signed in')
    .option('--json', 'for scripts')
    .action(async (_channel: string, { as, json }: Options) => {
      const tested = await withOperations(
        (operations, runtime) =>
          operations.testTelegram({ person: actingPerson(runtime, OPERATOR, as), via: 'cli' }),
        'the alert to arrive, at most 20 s',
      );
      if (json === true) printJson(tested);
      else printLines([`${tested.ok ? '✓' : '✗'} ${tested.detail}`]);
      process.exitCode = tested.ok ? EXIT_OK : EXIT_FAILED;
    });
}

function channel(text: string): string {
  if (text === 'telegram') return text;
  throw new InvalidArgumentError('expected telegram');
}
