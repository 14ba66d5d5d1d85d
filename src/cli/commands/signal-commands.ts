/** `fermata signal`: sends a signal from outside, withdraws it, or shows the state of all. */
import { Argument, type Command } from 'commander';
import type { SignalStatus, SignalsStatus } from '../../contracts/trader-status.js';
import { moment as time } from '../../desk/schema-values.js';
import { signalIdSchema, signalSourceSchema } from '../../desk/sent-schemas.js';
import { moment } from '../../domain/moment.js';
import { MAY_STOP, OPERATOR } from '../../domain/people-roles.js';
import { reasonOf } from '../../domain/plain-text.js';
import {
  SIGNAL_ACTIONS,
  SIGNAL_LIFE_MS_MAX,
  SIGNAL_TEXT_MAX,
  type SignalAction,
  type SignalBody,
} from '../../domain/signal.js';
import {
  notProvenInTime,
  REASON_IF_ANY,
  showOutcome,
  type UrgentOptions,
  urgentOptions,
  withinSeconds,
} from '../act-on-desk.js';
import { actingPerson, signedInPerson } from '../desk-person.js';
import { amountValue, collected, instrumentName, shapedText, textOf, wholeNumber } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../running-desk.js';

const TIMEOUT_SECONDS = 20;
const REVISION_MAX = 1_000_000;
const SOURCE = shapedText(signalSourceSchema);
const ID = shapedText(signalIdSchema);

interface SendOptions {
  readonly source: string;
  readonly id: string;
  readonly revision?: number;
  readonly entry?: string;
  readonly stop?: string;
  readonly target?: readonly string[];
  readonly issuedAt?: string;
  readonly validSeconds: number;
  readonly text?: string;
  readonly as?: string;
  readonly json?: boolean;
}

export function signalCommand(command: Command): void {
  command
    .command('send')
    .description('send a signal, or an edit of one under a higher revision, which may only tighten it')
    .addArgument(new Argument('<action>', 'what it asks for').choices(SIGNAL_ACTIONS))
    .argument('<symbol>', 'instrument of the desk', instrumentName)
    .requiredOption('--source <name>', 'whose signal it is', SOURCE)
    .requiredOption('--id <id>', 'what its source calls it', ID)
    .option('--revision <n>', 'of an edit: higher than the last', wholeNumber(1, REVISION_MAX))
    .option('--entry <price>', 'worst price of the entry; left out: at the market', amountValue)
    .option('--stop <price>', 'of the protective stop', amountValue)
    .option(
      '--target <price>',
      'where it is closed; repeat for more, the nearest first',
      collected(amountValue),
    )
    .option(
      '--issued-at <time>',
      'its original time, such as 2026-11-22T15:30:00Z; left out: now',
      shapedText(time),
    )
    .requiredOption(
      '--valid-seconds <n>',
      'from its original time; after that nothing is entered on it',
      wholeNumber(1, SIGNAL_LIFE_MS_MAX / 1000),
    )
    .option('--text <text>', 'as its author wrote it', textOf(SIGNAL_TEXT_MAX))
    .option('--as <person>', 'who sends it: the signed-in person')
    .option('--json', 'for scripts')
    .action(async (action: SignalAction, symbol: string, options: SendOptions) => {
      const { source, id, revision, entry, stop, target, issuedAt, validSeconds, text, as, json } = options;
      const targets = target === undefined ? undefined : [...target];
      const said = { entry, stop, targets, issuedAt, validSeconds, text };
      const signal: SignalBody = { source, id, revision, symbol, action, ...said };
      process.exitCode = await withOperations(async (operations, runtime) => {
        const caller = { person: signedInPerson(runtime, OPERATOR, as), via: 'cli' } as const;
        const sent = operations.sendSignal(caller, signal);
        const outcome = await withinSeconds(
          TIMEOUT_SECONDS,
          sent,
          notProvenInTime('signal', TIMEOUT_SECONDS),
        );
        return showOutcome('signal', outcome, json === true);
      });
    });
  const withdraw = command
    .command('withdraw')
    .description('in every mode: its entry is cancelled, filled lots keep their exits')
    .argument('<source>', 'whose signal it is', SOURCE)
    .argument('<id>', 'what its source calls it', ID);
  urgentOptions(withdraw, TIMEOUT_SECONDS, REASON_IF_ANY).action(
    async (source: string, id: string, { reason, as, timeout, json }: UrgentOptions) => {
      process.exitCode = await withOperations(async (operations, runtime) => {
        const caller = { person: actingPerson(runtime, MAY_STOP, as), via: 'cli' } as const;
        const asked = operations.withdrawSignal(caller, { source, id, reason: reasonOf(reason) });
        const outcome = await withinSeconds(timeout, asked, notProvenInTime('signal withdraw', timeout));
        return showOutcome('signal withdraw', outcome, json === true);
      });
    },
  );
  command
    .command('list')
    .description('the newest ones, the state of each, and how many were refused')
    .option('--json', 'for scripts')
    .action(async ({ json }: { json?: boolean }) => {
      process.exitCode = await withOperations(async (operations) => {
        const signals = await operations.listSignals();
        if (json === true) printJson(signals);
        else printLines(signalLines(signals));
        return 0;
      });
    });
}

function signalLines({ newest, refused }: SignalsStatus): string[] {
  const counts = refused.map(({ limit, count }) => `${limit} ${count}`).join(', ');
  return [
    ...(newest.length === 0 ? ['no signal is known'] : newest.map(signalLine)),
    ...(counts === '' ? [] : [`refused so far: ${counts}`]),
  ];
}

function signalLine({
  source,
  id,
  revision,
  symbol,
  action,
  standing,
  reason,
  expiresMs,
}: SignalStatus): string {
  const what = symbol === null ? 'never came' : `${action} ${symbol}, revision ${revision}`;
  const why = reason === null ? '' : `: ${reason}`;
  return `${source} ${id}  ${what}, until ${moment(expiresMs)}  ${standing}${why}`;
}
