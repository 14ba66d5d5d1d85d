/**
 * What a person declares about the account: whose cash and coins it holds, and what a company did to its
 * shares.
 */

import { Argument, type Command, InvalidArgumentError } from 'commander';
import { coinsLines } from '../../contracts/status-words.js';
import { dividendSchema } from '../../desk/sent-schemas.js';
import { CASH_KINDS, type CashKind, COIN_OWNERS, type CoinOwner } from '../../domain/cash-and-coins.js';
import { parseSplit, SPLIT_PART_MAX, type SplitRatio } from '../../domain/corporate-action.js';
import { ungrouped } from '../../domain/figure-text.js';
import { APPROVER, MAY_DO_TASKS } from '../../domain/people-roles.js';
import type { Caller, OperationResult } from '../../operations/operation.js';
import type { Operations } from '../../operations/operations.js';
import {
  type ActOptions,
  actOptions,
  notProvenInTime,
  reasonText,
  showOutcome,
  withinSeconds,
} from '../act-on-desk.js';
import { SIGNING_OPTION, signedInPerson, signedVote } from '../desk-person.js';
import { type CliFailure, missingWords, usageFailure } from '../failure.js';
import { amountValue, instrumentName } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../running-desk.js';

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
    .option('--out', 'cash went out; implied by withdrawal and commission');
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

interface CoinsOptions extends Partial<Omit<ActOptions, 'timeout'>> {
  readonly cost?: string;
  readonly signingPasswordFile?: string;
}

/** Anybody may list them; only a signed-in person who may approve can say whose they are. */
export function coinsCommand(command: Command): void {
  command
    .argument('[symbol]', 'instrument of the coins; left out: shows all', instrumentName)
    .argument('[owner]', `whose they are: ${COIN_OWNERS.join(', ')} (to be moved out of the account)`)
    .option('--cost <price>', 'what one coin cost, if they are the desk’s', amountValue)
    .option('--reason <text>', 'why; stored with the evidence', reasonText)
    .option(...SIGNING_OPTION)
    .option('--as <person>', 'who decides this: the signed-in person')
    .option('--json', 'for scripts')
    .action(async (symbol: string | undefined, owner: string | undefined, options: CoinsOptions) => {
      const { as, json, signingPasswordFile } = options;
      const claim = symbol === undefined ? null : claimOf(symbol, owner, options);
      process.exitCode = await withOperations(async (operations, runtime) => {
        if (claim === null) {
          const status = await operations.readStatus();
          if (json === true) printJson(status.coins);
          else
            printLines(
              status.coins.length === 0
                ? ['all coins of the account are the desk’s']
                : [...coinsLines(status)],
            );
          return 0;
        }
        const caller = { person: signedInPerson(runtime, APPROVER, as), via: 'cli' } as const;
        const { reason, ...said } = claim;
        const about = { coins: said };
        const signed = await signedVote(runtime, operations, caller.person, about, signingPasswordFile);
        const claimed = operations.claimCoins(caller, { ...said, reason, ...signed });
        const outcome = await withinSeconds(
          TIMEOUT_SECONDS,
          claimed,
          notProvenInTime('coins', TIMEOUT_SECONDS),
        );
        return showOutcome('coins', outcome, json === true);
      });
    });
}

const isOwner = (text: string | undefined): text is CoinOwner => COIN_OWNERS.some((owner) => owner === text);

function claimOf(symbol: string, owner: string | undefined, { cost, reason }: CoinsOptions) {
  const refused = (message: string): CliFailure =>
    usageFailure(
      message,
      `fermata coins ${symbol} ${COIN_OWNERS.join('|')} --reason TEXT, with --cost PRICE of one coin where they are the desk’s`,
    );
  if (!isOwner(owner))
    throw refused(`<owner>: expected one of ${COIN_OWNERS.join(', ')}; found ${owner ?? 'nothing'}`);
  const missing = [
    ...(reason === undefined ? ['--reason <text>'] : []),
    ...(owner === 'desk' && cost === undefined ? ['--cost <price>'] : []),
  ];
  if (reason === undefined || missing.length > 0) throw refused(missingWords(missing));
  return { symbol, owner, cost: cost ?? null, reason };
}

const NAME = 'corporate-action';

export function corporateActionCommand(command: Command): void {
  const split = command
    .command('split')
    .description(
      'a stock is split from now on: say so while its market is closed, before the first price in new shares',
    )
    .argument('<symbol>', 'which stock, for example AAPL/USD', stockValue)
    .argument('<ratio>', 'new shares for old ones: 4:1, or 1:10', ratioValue);
  actOptions(split, TIMEOUT_SECONDS).action((symbol: string, ratio: SplitRatio, options: ActOptions) =>
    act(options, (operations, caller, reason) =>
      operations.takeCorporateAction(caller, { action: { kind: 'split', symbol, ...ratio }, reason }),
    ),
  );
  const dividend = command
    .command('dividend')
    .description('a stock pays a dividend on the position held now: cash, and a result of its trade')
    .argument('<symbol>', 'which stock', stockValue)
    .argument('<per-share>', 'how much for each share, in its quote currency', perShareValue);
  actOptions(dividend, TIMEOUT_SECONDS).action((symbol: string, perShare: string, options: ActOptions) =>
    act(options, (operations, caller, reason) =>
      operations.takeCorporateAction(caller, { action: { kind: 'dividend', symbol, perShare }, reason }),
    ),
  );
  const none = command
    .command('no-split')
    .description('the venue’s apparent split is not one: somebody traded, and the venue’s quantity counts')
    .argument('<symbol>', 'which stock', stockValue);
  actOptions(none, TIMEOUT_SECONDS).action((symbol: string, options: ActOptions) =>
    act(options, (operations, caller, reason) => operations.sayNoSplit(caller, { symbol, reason })),
  );
}

async function act(
  { reason, as, timeout, json }: ActOptions,
  ask: (operations: Operations, caller: Caller, reason: string) => Promise<OperationResult>,
): Promise<void> {
  process.exitCode = await withOperations(async (operations, runtime) => {
    const caller = { person: signedInPerson(runtime, MAY_DO_TASKS, as), via: 'cli' } as const;
    const asked = ask(operations, caller, reason);
    const outcome = await withinSeconds(timeout, asked, notProvenInTime(NAME, timeout));
    return showOutcome(NAME, outcome, json === true);
  });
}

function ratioValue(text: string): SplitRatio {
  const ratio = parseSplit(text);
  if (ratio !== null) return ratio;
  throw new InvalidArgumentError(
    `expected new shares for old ones, such as 4:1 or 1:10, each from 1 to ${SPLIT_PART_MAX}`,
  );
}

function stockValue(text: string): string {
  const symbol = instrumentName(text);
  if (dividendSchema.shape.symbol.safeParse(symbol).success) return symbol;
  throw new InvalidArgumentError('expected a stock and its currency, such as AAPL/USD');
}

function perShareValue(text: string): string {
  const perShare = ungrouped(text);
  if (dividendSchema.shape.perShare.safeParse(perShare).success) return perShare;
  throw new InvalidArgumentError('expected an amount above 0 for each share, such as 0.82');
}
