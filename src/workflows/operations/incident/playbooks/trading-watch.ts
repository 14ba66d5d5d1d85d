/** Notices, while the steps of an incident wait for people, that the desk trades again. */
import { condition } from '@temporalio/workflow';
import type { IncidentFacts } from '../../../../contracts/engine-activities.js';
import { backoffMs } from '../../../../domain/backoff.js';
import { paced } from '../../../paced.js';
import type { IncidentRun } from '../incident-run.js';

/** Most time between two looks at the desk while its steps wait, which may be for days. */
const LOOK_MS_MAX = 10 * 60_000;

/** Stored in `done` with the mode in which the desk was seen not to trade. */
const STOOD = 'trading-stood';

/**
 * Looks at the desk while its steps run. The incident ends once the desk trades again: one about a desk that trades
 * all along has its steps carried out first.
 */
export class TradingWatch {
  #stopped = false;

  constructor(
    private readonly incident: IncidentRun,
    facts: IncidentFacts | null,
  ) {
    this.#note(facts);
    void this.#look();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #look(): Promise<void> {
    const { incident } = this;
    const pause = { firstMs: incident.input.timing.lookMs, mostMs: LOOK_MS_MAX };
    const isOver = () => this.#stopped || incident.overBecause !== null;
    let seen = incident.wakes;
    for (let looks = 1; ; looks += 1) {
      await condition(() => isOver() || incident.wakes > seen, paced(backoffMs(looks, pause)));
      if (isOver()) return;
      if (incident.wakes > seen) looks = 0;
      seen = incident.wakes;
      this.#note(await incident.facts());
    }
  }

  #note(facts: IncidentFacts | null): void {
    const { done } = this.incident.log;
    if (facts === null || this.#stopped) return;
    if (facts.mode !== 'ACTIVE') done[STOOD] = facts.mode;
    else if (done[STOOD] !== undefined) this.incident.tradesAgain = true;
  }
}
