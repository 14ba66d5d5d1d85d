import { Argument, type Command } from 'commander';
import { CASH_KINDS, type CashKind } from '../../domain/cash.js';
import { MAY_DO_TASKS } from '../../domain/roles.js';
import { type ActOptions, actOptions, notProvenInTime, showOutcome, withinSeconds } from '../act-on-desk.js';
import { signedInPerson } from '../desk-person.js';
import { amountValue } from '../option-values.js';
import { withOperations } from '../with-operations.js';

const TIMEOUT_SECONDS = 20;
/** The other kinds may go either way. */
const GOES_OUT: ReadonlySet<CashKind> = new Set(['withdrawal', 'commission']);

interface ExplainOptions extends ActOptions {
  readonly out?: boolean;
}

export function cashCommand(command: Command): void {
  const explain = command
    .command('explain')
    .description('say what a difference in cash was; only a difference that was found can be booked')
    .addArgument(new Argument('<kind>', 'what it was').choices(CASH_KINDS))
    .argument('<amount>', 'how much, in the desk’s currency', amountValue)
    .option('--out', 'cash went out: said by withdrawal and commission themselves');
  actOptions(explain, TIMEOUT_SECONDS).action(
    async (kind: CashKind, amount: string, { reason, as, timeout, json, out }: ExplainOptions) => {
      process.exitCode = await withOperations(async (operations, runtime) => {
        const caller = { person: signedInPerson(runtime, MAY_DO_TASKS, as), via: 'cli' } as const;
        const signed = out === true || GOES_OUT.has(kind) ? `-${amount}` : amount;
        const booked = operations.explainCash(caller, { kind, amount: signed, reason });
        const outcome = await withinSeconds(timeout, booked, notProvenInTime('cash', timeout));
        return showOutcome('cash', outcome, json === true);
      });
    },
  );
}
