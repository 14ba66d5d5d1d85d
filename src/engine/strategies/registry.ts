/** The strategies that a desk file can name. Adding one is one file and one line here. */
import { emaCross } from './ema-cross.js';
import type { StrategyDefinition } from './strategy.js';

export const STRATEGIES: ReadonlyMap<string, StrategyDefinition> = new Map(
  [emaCross].map((definition) => [definition.kind, definition]),
);
