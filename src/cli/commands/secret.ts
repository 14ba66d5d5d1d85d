import { type Command, InvalidArgumentError } from 'commander';
import { OPERATOR } from '../../domain/roles.js';
import { deskPerson } from '../desk-person.js';
import { printJson, printLines } from '../output.js';
import { readPassword } from '../read-password.js';
import { CREDENTIALS, type CredentialName, rotateSecret } from '../rotate-secret.js';
import { requireRuntime } from '../running-desk.js';
import { sayingWhat } from '../waiting.js';

const NAMES = Object.keys(CREDENTIALS).join(', ');

interface Options {
  readonly file?: string;
  readonly json?: boolean;
}

export function secretCommand(command: Command): void {
  command
    .command('rotate')
    .description('replace a credential where it is kept, once the new one is proven; asks for the new one')
    .argument('<credential>', NAMES, credentialNamed)
    .option('--file <file>', 'the new one, in the first line of a file, instead of asking')
    .option('--json', 'for scripts')
    .action(async (name: CredentialName, { file, json }: Options) => {
      const runtime = requireRuntime();
      const { title } = CREDENTIALS[name];
      const value = await readPassword({ prompt: `New ${title}: `, file });
      const rotating = rotateSecret(runtime, name, deskPerson(runtime, OPERATOR), value);
      const rotated = await sayingWhat(() => 'waiting for an answer to the new one', rotating);
      if (json === true) printJson(rotated);
      else
        printLines([
          `✓ The ${title} is replaced (${rotated.kept}).`,
          ...rotated.next.map((line) => `  ${line}`),
        ]);
    });
}

function credentialNamed(text: string): CredentialName {
  if (Object.hasOwn(CREDENTIALS, text)) return text as CredentialName;
  throw new InvalidArgumentError(`expected one of ${NAMES}`);
}
