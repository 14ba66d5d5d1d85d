import type { EngineEvent, Stamp } from '../../engine/event.js';

/** An event before it is stamped. */
export type Unstamped = EngineEvent extends infer E
  ? E extends Stamp
    ? Omit<E, keyof Stamp>
    : never
  : never;
