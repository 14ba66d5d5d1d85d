/**
 * Arms the instance by the desk file's rule, as the resumption procedure would, but never if a person has to decide.
 */
import type { Halt } from '../../domain/mode.js';
import type { Engine } from '../../engine/engine.js';
import type { EngineRecord } from '../../engine/record.js';
import type { CommandRequest } from '../../trader/running/runner.js';

/** After a refusal, the next attempt follows a minute of market time later. */
const RETRY_MARKET_MS = 60_000;

export interface ArmingRuleParts {
  readonly configHash: string;
  readonly instrumentCount: number;
  readonly dayStartMs: (marketMs: number) => number;
}

export class ArmingRule {
  readonly #parts: ArmingRuleParts;
  #halted = true;
  #tries = 0;
  #nextTryMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ArmingRuleParts) {
    this.#parts = parts;
  }

  onRecord(record: EngineRecord): void {
    if (record.type === 'armed') this.#halted = false;
    else if (record.type === 'halt' && record.halt.scope.kind === 'desk') this.#halted = true;
  }

  /** Null while nothing is halted, or while something speaks against arming. */
  commandFor(engine: Engine, marketMs: number): CommandRequest | null {
    if (!this.#halted || marketMs < this.#nextTryMs) return null;
    const { haltId, halts, quotes, reconciliation } = engine.view;
    if (haltId === null || quotes.length < this.#parts.instrumentCount) return null;
    this.#nextTryMs = marketMs + RETRY_MARKET_MS;
    if (reconciliation.state !== 'clean' || !halts.every((halt) => this.#mayLift(halt, marketMs)))
      return null;
    this.#tries += 1;
    const { configHash } = this.#parts;
    return {
      commandId: `arm-${this.#tries}`,
      by: 'rule',
      reason: 'the desk file lets the rule resume',
      command: { name: 'arm', haltId, configHash, authority: 'rule' },
    };
  }

  #mayLift({ resume, atMarketMs }: Halt, marketMs: number): boolean {
    if (resume === 'auto') return true;
    const { dayStartMs } = this.#parts;
    return resume === 'next-day' && dayStartMs(marketMs) > dayStartMs(atMarketMs);
  }
}
