import { type Command, InvalidArgumentError } from 'commander';
import { dividendSchema } from '../../desk/corporate-action-schema.js';
import { parseSplit, SPLIT_PART_MAX, type SplitRatio } from '../../domain/corporate-action.js';
import { ungrouped } from '../../domain/figure-text.js';
import { MAY_DO_TASKS } from '../../domain/roles.js';
import type { Caller, OperationResult } from '../../operations/operation.js';
import type { Operations } from '../../operations/operations.js';
import { type ActOptions, actOptions, notProvenInTime, showOutcome, withinSeconds } from '../act-on-desk.js';
import { signedInPerson } from '../desk-person.js';
import { withOperations } from '../with-operations.js';

const TIMEOUT_SECONDS = 20;
const NAME = 'corporate-action';

export function corporateActionCommand(command: Command): void {
  const split = command
    .command('split')
    .description(
      'a stock is split from now on: give it while its market is closed, before the first price in new shares',
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
    .description('a stock pays a dividend on what is held now: cash, and a result of its trade')
    .argument('<symbol>', 'which stock', stockValue)
    .argument('<per-share>', 'how much for each share, in its quote currency', perShareValue);
  actOptions(dividend, TIMEOUT_SECONDS).action((symbol: string, perShare: string, options: ActOptions) =>
    act(options, (operations, caller, reason) =>
      operations.takeCorporateAction(caller, { action: { kind: 'dividend', symbol, perShare }, reason }),
    ),
  );
  const none = command
    .command('no-split')
    .description(
      'what looks like a split at the venue is none: somebody traded, and what the venue has counts',
    )
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
  if (dividendSchema.shape.symbol.safeParse(text).success) return text;
  throw new InvalidArgumentError('expected a stock and its currency, such as AAPL/USD');
}

function perShareValue(text: string): string {
  const perShare = ungrouped(text);
  if (dividendSchema.shape.perShare.safeParse(perShare).success) return perShare;
  throw new InvalidArgumentError('expected an amount above 0 for each share, such as 0.82');
}
