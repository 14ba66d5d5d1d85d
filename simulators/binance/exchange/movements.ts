/**
 * Movements of cash without a trade: each changes a balance, is reported on the user stream, and is listed by the
 * wallet.
 */
import { balanceOf } from '../accounts.js';
import { insufficientBalance } from '../requests/refusal.js';
import { formatUnits } from '../units.js';
import type { Exchange } from './exchange.js';

export type Movement =
  | MovementOf<'deposit'>
  /** The network's fee, on top of the amount that arrives. */
  | (MovementOf<'withdrawal'> & { readonly fee: bigint })
  /** `in`: from another wallet of the same person into this one. */
  | (MovementOf<'transfer'> & { readonly direction: 'in' | 'out' })
  | (MovementOf<'dividend'> & { readonly info: string })
  /** `asset` was converted into `bnb` of BNB; `serviceCharge` of that was kept as a fee. */
  | (MovementOf<'dust'> & { readonly bnb: bigint; readonly serviceCharge: bigint });

interface MovementOf<Kind extends string> {
  readonly kind: Kind;
  readonly id: number;
  readonly asset: string;
  readonly amount: bigint;
  readonly timeMs: number;
}

type Wanted = Movement extends infer One
  ? One extends Movement
    ? Omit<One, 'id' | 'timeMs'>
    : never
  : never;

/** The change of each balance. */
function changes(movement: Wanted): readonly (readonly [string, bigint])[] {
  const { asset, amount } = movement;
  switch (movement.kind) {
    case 'deposit':
    case 'dividend':
      return [[asset, amount]];
    case 'withdrawal':
      return [[asset, -(amount + movement.fee)]];
    case 'transfer':
      return [[asset, movement.direction === 'in' ? amount : -amount]];
    case 'dust':
      return [
        [asset, -amount],
        ['BNB', movement.bnb - movement.serviceCharge],
      ];
  }
}

/** Throws a refusal if a balance would fall below zero. */
export function move(exchange: Exchange, name: string, wanted: Wanted): Movement {
  const account = exchange.account(name);
  const deltas = changes(wanted);
  for (const [asset, delta] of deltas) {
    if (balanceOf(account, asset).free + delta < 0n) throw insufficientBalance();
  }
  exchange.nextMovementId += 1;
  const timeMs = exchange.nowMs();
  const movement = { ...wanted, id: exchange.nextMovementId, timeMs } as Movement;
  account.movements.push(movement);
  for (const [asset, delta] of deltas) {
    balanceOf(account, asset).free += delta;
    exchange.onAccountEvent(name, {
      e: 'balanceUpdate',
      E: timeMs,
      a: asset,
      d: formatUnits(delta),
      T: timeMs,
    });
  }
  exchange.tellBalances(
    name,
    deltas.map(([asset]) => asset),
  );
  return movement;
}
