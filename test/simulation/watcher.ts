/** One thing that must never happen. Each answers with what did, in words, or null. */
import type { Effect } from '../../src/engine/effect.js';
import type { Command, EngineEvent } from '../../src/engine/event.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { EngineView } from '../../src/engine/view.js';

/** The engine's note of an exit that it begins ends so. */
export const EXIT_WORDS = ': closing the position';

/** The moment at which something left the engine. */
export interface Moment {
  readonly wallMs: number;
  /** Costly. */
  readonly view: () => EngineView;
}

export interface Watcher {
  restarted?(records: readonly EngineRecord[], wallMs: number): void;
  /** Before the engine processes it. */
  heard?(event: EngineEvent, wallMs: number): void;
  commanded?(command: Command): void;
  /** The machine's wall clock was set; `byMs`: it is now so much ahead of the true time. */
  clockSet?(wallMs: number, byMs: number): void;
  /** The process stood still until now. */
  thawed?(wallMs: number): void;
  /** The market is closed: what it takes an open one for has its time when it opens. */
  marketClosed?(wallMs: number): void;
  /** Before the followed book has taken it in. */
  recorded?(record: EngineRecord, moment: Moment): string | null;
  left?(effect: Effect, moment: Moment): string | null;
  /** Between events, about once a second. */
  looked?(moment: Moment): string | null;
  /** The same, about every five seconds: the whole view may be read. */
  lookedClosely?(moment: Moment): string | null;
}
