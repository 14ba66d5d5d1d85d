/** Which playbook each kind of incident has. Adding one is one file and one line here. */
import type { IncidentKind } from '../../../../contracts/incident.js';
import { crashAndRestart } from './crash-and-restart.js';
import { exchangeDown } from './exchange-down.js';
import { largeDrawdown } from './large-drawdown.js';
import type { Playbook } from './playbook.js';

import { strategyUnderperforming } from './strategy-underperforming.js';
import { tradingHalted } from './trading-halted.js';

/** Reported by a person, a program or a failed step: what it takes is a person's to say. */
const reported: Playbook = (incident) =>
  incident.watch('waiting for a person to declare it over', async () => null);

export const PLAYBOOKS: Readonly<Record<IncidentKind, Playbook>> = {
  'exchange-down': exchangeDown,
  'large-drawdown': largeDrawdown,
  'crash-and-restart': crashAndRestart,
  'strategy-underperforming': strategyUnderperforming,
  'trading-halted': tradingHalted,
  'step-failed': reported,
  reported,
};
