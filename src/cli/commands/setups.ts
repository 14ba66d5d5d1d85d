import type { Command } from 'commander';
import type { SetupShown } from '../../contracts/published.js';
import { grouped } from '../../domain/figure-text.js';
import { moment } from '../../domain/moment.js';
import { wholeNumber } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../running-desk.js';

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 1_000;

interface Options {
  readonly open?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

export function setupsCommand(command: Command): void {
  command
    .option('--open', 'only those still followed')
    .option('--limit <count>', 'only the newest', wholeNumber(1, LIMIT_MAX), LIMIT_DEFAULT)
    .option('--json', 'for scripts')
    .action(async ({ open = false, limit, json }: Options) => {
      const setups = await withOperations((operations) => operations.listSetups({ open, limit }));
      if (json === true) printJson(setups);
      else printLines(setupsLines(setups, open));
    });
}

export function setupsLines(setups: readonly SetupShown[], open: boolean): string[] {
  if (setups.length === 0) return [open ? 'no setup is open' : 'no setup so far'];
  return setups.flatMap(setupLines);
}

function setupLines({ id, symbol, strategy, state, begunMs, prices, last }: SetupShown): string[] {
  const levels =
    prices === null
      ? 'no prices yet'
      : `entry ${grouped(prices.entry)}, stop ${grouped(prices.stop)}, target ${grouped(prices.target)}`;
  return [
    `${id}  ${(state ?? 'state not known').padEnd(16)} ${moment(begunMs)}  ${symbol ?? strategy}: ${levels}`,
    `          ${last}`,
  ];
}
