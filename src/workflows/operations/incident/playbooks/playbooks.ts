/** Which playbook each kind of incident has. Adding one is one file and one line here. */
import type { IncidentInput, ShippedKind } from '../../../../contracts/incident.js';
import { codedPlaybook } from './coded-playbook.js';
import { crashAndRestart } from './crash-and-restart.js';
import { exchangeDown } from './exchange-down.js';
import { largeDrawdown } from './large-drawdown.js';
import { ownPlaybook } from './own-playbook.js';
import type { Playbook } from './playbook.js';

import { strategyUnderperforming } from './strategy-underperforming.js';
import { tradingHalted } from './trading-halted.js';

/** Reported by a person, a program or a failed step: what it takes is a person's to say. */
const reported: Playbook = (incident) =>
  incident.watch('waiting for a person to declare it over', async () => null);

const PLAYBOOKS: Readonly<Record<ShippedKind, Playbook>> = {
  'exchange-down': exchangeDown,
  'large-drawdown': largeDrawdown,
  'crash-and-restart': crashAndRestart,
  'strategy-underperforming': strategyUnderperforming,
  'trading-halted': tradingHalted,
  'step-failed': reported,
  reported,
};

/** A kind of the desk's own brings its playbook along. One that neither ships nor does is for a person to deal with. */
export function playbookOf({ kind, playbook, code }: IncidentInput): Playbook {
  if (code !== undefined) return codedPlaybook(code);
  if (playbook !== undefined) return ownPlaybook(playbook);
  return Object.hasOwn(PLAYBOOKS, kind) ? PLAYBOOKS[kind as ShippedKind] : reported;
}
