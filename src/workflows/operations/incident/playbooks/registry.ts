/**
 * The playbooks that ship, by kind of incident. A new one needs a file, a line here, and its keys in
 * `src/desk/incident-schema.ts`.
 */
import type { ShippedKind } from '../../../../contracts/incident.js';
import { crashAndRestart } from './crash-and-restart.js';
import { exchangeDown } from './exchange-down.js';
import { largeDrawdown } from './large-drawdown.js';
import type { ShippedPlaybook } from './playbook.js';
import { strategyUnderperforming } from './strategy-underperforming.js';
import { tradingHalted } from './trading-halted.js';

/** Reported by a person, a program or a failed step: only a person can tell what is needed. */
const reported = {
  runbook: ['A person looks at it and says when it is over.'],
  run: (incident) => incident.watch('waiting for a person to declare it over', async () => null),
} satisfies ShippedPlaybook<'reported' | 'step-failed'>;

export const PLAYBOOKS: { readonly [Kind in ShippedKind]: ShippedPlaybook<Kind> } = {
  'exchange-down': exchangeDown,
  'large-drawdown': largeDrawdown,
  'crash-and-restart': crashAndRestart,
  'strategy-underperforming': strategyUnderperforming,
  'trading-halted': tradingHalted,
  'step-failed': reported,
  reported,
};
