/** A strategy that is a file of the desk's own folder. */
import type { DeclaredStrategy } from '../engine/strategies/strategy.js';

/** `kind` of a strategy that is a file of the desk's own, below the desk file's folder. */
export const OWN_STRATEGY = /^\.\/strategies\/[a-zA-Z0-9][a-zA-Z0-9_-]{0,59}\.(ts|js|mjs)$/;

export interface OwnStrategy extends DeclaredStrategy {
  /** SHA-256 in hex over every file that it is made of; a part of the configuration's hash. */
  readonly hash: string;
  readonly module: StrategyModule;
  /** Every file that it is made of, as it was read: a copy of the desk file needs them beside it. */
  readonly files: readonly StrategyFile[];
}

/** One script, and the way back to the lines that a person wrote. */
export interface StrategyModule {
  readonly code: string;
  readonly map: string;
}

export interface StrategyFile {
  /** Below the desk's folder, with `/`. */
  readonly path: string;
  readonly text: string;
}
