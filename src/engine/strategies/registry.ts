/** The strategies that ship with Fermata. Adding one takes one file and one line here. */
import type { StrategyConfig } from '../config.js';
import { donchianBreakout } from './donchian-breakout.js';
import { emaCross } from './ema-cross.js';
import { externalSignals } from './external-signals.js';
import { rsiReversion } from './rsi-reversion.js';
import type { DeclaredStrategy, StrategyDefinition } from './strategy.js';

export const STRATEGIES: ReadonlyMap<string, StrategyDefinition> = new Map(
  [emaCross, rsiReversion, donchianBreakout, externalSignals].map((definition) => [
    definition.kind,
    definition,
  ]),
);

/** The declaration of a listed strategy: one that ships, or the desk's own. */
export const declaredOf = ({
  kind,
  own,
}: Pick<StrategyConfig, 'kind' | 'own'>): DeclaredStrategy | undefined => own ?? STRATEGIES.get(kind);
