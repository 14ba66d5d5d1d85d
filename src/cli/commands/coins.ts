import type { Command } from 'commander';
import { COIN_OWNERS, type CoinOwner } from '../../domain/coins.js';
import { APPROVER } from '../../domain/roles.js';
import { type ActOptions, notProvenInTime, reasonText, showOutcome, withinSeconds } from '../act-on-desk.js';
import { signedInPerson } from '../desk-person.js';
import { type CliFailure, usageFailure } from '../failure.js';
import { amountValue } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { SIGNING_OPTION, signedVote } from '../sign-vote.js';
import { coinsLines } from '../status-lines.js';
import { withOperations } from '../with-operations.js';

const TIMEOUT_SECONDS = 20;

interface CoinsOptions extends Partial<Omit<ActOptions, 'timeout'>> {
  readonly cost?: string;
  readonly signingPasswordFile?: string;
}

/** Anybody may list them; saying whose they are takes a signed-in person who may approve. */
export function coinsCommand(command: Command): void {
  command
    .argument('[symbol]', 'instrument whose coins are meant; left out: shows all')
    .argument('[owner]', `whose they are: ${COIN_OWNERS.join(', ')} (to be moved out of the account)`)
    .option('--cost <price>', 'what one coin cost, where they are the desk’s', amountValue)
    .option('--reason <text>', 'why; kept with the evidence', reasonText)
    .option(...SIGNING_OPTION)
    .option('--as <person>', 'who decides this: whoever is signed in')
    .option('--json', 'for scripts')
    .action(async (symbol: string | undefined, owner: string | undefined, options: CoinsOptions) => {
      const { cost = null, reason, as, json, signingPasswordFile } = options;
      process.exitCode = await withOperations(async (operations, runtime) => {
        if (symbol === undefined) {
          const status = await operations.readStatus();
          if (json === true) printJson(status.coins);
          else
            printLines(
              status.coins.length === 0 ? ['all coins of the account are the desk’s'] : coinsLines(status),
            );
          return 0;
        }
        if (!isOwner(owner) || reason === undefined || (owner === 'desk' && cost === null))
          throw incomplete(symbol);
        const caller = { person: signedInPerson(runtime, APPROVER, as), via: 'cli' } as const;
        const said = { symbol, owner, cost };
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

function incomplete(symbol: string): CliFailure {
  return usageFailure(
    'whose the coins are, or why, is missing',
    `fermata coins ${symbol} ${COIN_OWNERS.join('|')} --reason TEXT, with --cost PRICE of one coin where they are the desk’s`,
  );
}
