/** Everything that the engine can ask of the world. The runner carries effects out in order. */
import type { HandedAction } from '../domain/corporate-action.js';
import type { InstrumentId } from '../domain/instrument.js';
import type { Units } from '../domain/money.js';
import type { OrderIntent } from '../domain/order.js';
import type { Approved } from '../limits/gate.js';
import type { EngineRecord } from './record.js';

export type CommandOutcome =
  | { readonly ok: true; readonly detail: string; readonly haltId: string | null }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly doThis: string };

export type Effect =
  /** Append to the journal. State has already changed by exactly this record. */
  | { readonly kind: 'record'; readonly record: EngineRecord }
  /** Send once every record so far is durable; never before. */
  | { readonly kind: 'submit'; readonly order: Approved<OrderIntent> }
  /** Send at once: a cancel never waits for the disk. */
  | { readonly kind: 'cancel'; readonly clientId: string; readonly instrument: InstrumentId }
  /** Lower the quantity of a resting order in place, at once. Idempotent; `quantityLots` includes filled lots. */
  | {
      readonly kind: 'amend';
      readonly clientId: string;
      readonly instrument: InstrumentId;
      readonly quantityLots: number;
    }
  /** Replace the resting order `clientId` by this one in one request, once every record so far is durable. */
  | { readonly kind: 'replace'; readonly clientId: string; readonly order: Approved<OrderIntent> }
  /**
   * Our own venue (paper) applies the action at once, each `actionId` only once, and ends its open orders of
   * that symbol, as a broker does.
   */
  | { readonly kind: 'corporateAction'; readonly handed: HandedAction }
  | { readonly kind: 'lookup'; readonly clientId: string; readonly instrument: InstrumentId }
  | {
      readonly kind: 'requestSnapshot';
      readonly requestId: number;
      readonly sinceTradeMs: number;
      /** Also requests the venue's list of cash movements, from this market time on. */
      readonly movementsSinceMs?: number;
    }
  /** A point of the equity curve, for drawing: on no record, and lost if nobody takes it. */
  | { readonly kind: 'equity'; readonly sample: EquitySample }
  | { readonly kind: 'reply'; readonly commandId: string; readonly outcome: CommandOutcome };

/** At a market minute. Money units of the desk's currency. */
export interface EquitySample {
  readonly equity: number;
  readonly peak: number;
  readonly cash: Units;
  readonly unrealised: number;
  /** Capital paid in since the journal began, less what was paid out: no part of the return. */
  readonly capitalMoved: Units;
  readonly marketMs: number;
}
