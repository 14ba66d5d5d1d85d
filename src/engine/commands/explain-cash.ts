/**
 * A person explains a difference in cash. It must be one that was found, and the amount can't exceed it, unless what the
 * venue lists is the rest.
 */
import { type CashKind, wrongSign } from '../../domain/cash.js';
import { formatUnits, writeUnits } from '../../domain/money.js';
import { VALUE } from '../../domain/value.js';
import { type Core, wantSnapshot } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { book, explaining } from '../sync/reconcile-cash.js';
import { done, refused } from './outcome.js';

type ExplainCash = Extract<Command, { readonly name: 'explainCash' }>;

export function explainCash(core: Core, asked: ExplainCash, event: CommandEvent): CommandOutcome {
  const { amount } = asked;
  const kind = kindBooked(core, asked);
  const { cash } = core.sync;
  const open = cash.unexplained;
  if (open === null)
    return refused('no-difference', 'cash agrees with the venue', 'nothing has to be explained');
  const sign = wrongSign(kind, amount > 0n);
  if (sign !== null) return refused('wrong-sign', sign, 'write the amount as the balance changed');
  const left = open - amount;
  const within = amount > 0n === open > 0n && (open > 0n ? amount <= open : amount >= open);
  const isListed = left !== 0n && explaining(core, cash.listed, left) !== null;
  if (amount === 0n || !(within || isListed)) {
    const message = `the difference is ${formatUnits(open)}, ${formatUnits(amount)} was to be explained`;
    const doThis =
      'explain the difference or a part of it, with its sign; or what is left of it without what the venue lists';
    return refused('not-the-difference', message, doThis);
  }
  const { by, reason } = event;
  // What the venue lists is nothing that a person has still to explain.
  const leaves = left === 0n || isListed ? {} : { leaves: writeUnits(left) };
  book(core, { kind, units: amount, by, source: 'person', movementId: null, reason, ...leaves });
  cash.unexplained = left === 0n ? null : left;
  // The venue's lists may explain the rest.
  cash.suspected = left === 0n ? null : { difference: left, atMs: core.monotonicMs };
  wantSnapshot(core);
  const booked = kind === asked.kind ? 'booked' : 'booked as a result, which loss limits count';
  return done(
    core,
    left === 0n
      ? `${booked}: the venue is read again, then the desk can be resumed`
      : `${booked}; ${formatUnits(left)} are still unexplained${isListed ? ', and the venue lists them: they are booked with its next reading' : ''}`,
  );
}

/** If results are paid in cash, missing money that nobody withdrew was lost, and loss limits must see it. */
function kindBooked({ config }: Core, { kind, amount }: ExplainCash): CashKind {
  const settles = config.instruments.some((instrument) => VALUE[instrument.kind].pays === 'result');
  return kind === 'correction' && amount < 0n && settles ? 'result' : kind;
}
