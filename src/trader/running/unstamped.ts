import type { EngineEvent, Stamp } from '../../engine/event.js';

/** An event without its time stamps. */
export type Unstamped = EngineEvent extends infer E
  ? E extends Stamp
    ? Omit<E, keyof Stamp>
    : never
  : never;
