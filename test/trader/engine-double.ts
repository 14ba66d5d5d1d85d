/** An engine that records what it is told and answers as the test says. */
import type { Effect } from '../../src/engine/effect.js';
import type { EngineEvent } from '../../src/engine/event.js';
import type { EngineCore } from '../../src/trader/running/runner.js';

export interface EngineDouble extends EngineCore {
  readonly events: EngineEvent[];
  answer: (event: EngineEvent) => readonly Effect[];
  wakeMs: number | null;
  kinds(): string[];
}

export function engineDouble(): EngineDouble {
  const events: EngineEvent[] = [];
  return {
    events,
    answer: () => [],
    wakeMs: null,
    begin: () => ({ ok: true, effects: [] }),
    process(event) {
      events.push(event);
      return this.answer(event);
    },
    nextWakeMs() {
      return this.wakeMs;
    },
    kinds: () => events.map((event) => event.kind).filter((kind) => kind !== 'tick'),
  };
}
