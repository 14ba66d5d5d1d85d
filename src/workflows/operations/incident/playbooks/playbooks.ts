/** The playbook of each incident kind. Adding one is one file and one line here. */
import type { IncidentInput, ShippedKind } from '../../../../contracts/incident.js';
import { codedPlaybook } from './coded-playbook.js';
import { crashAndRestart } from './crash-and-restart.js';
import { exchangeDown } from './exchange-down.js';
import { largeDrawdown } from './large-drawdown.js';
import { ownPlaybook } from './own-playbook.js';
import type { Playbook } from './playbook.js';

import { strategyUnderperforming } from './strategy-underperforming.js';
import { tradingHalted } from './trading-halted.js';

/** Reported by a person, a program or a failed step: a person decides what to do. */
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

/** One of the desk's own incident kinds brings its playbook along. A kind without any playbook is left to a person. */
export function playbookOf({ kind, playbook, code }: IncidentInput): Playbook {
  if (code !== undefined) return codedPlaybook(code);
  if (playbook !== undefined) return ownPlaybook(playbook);
  return Object.hasOwn(PLAYBOOKS, kind) ? PLAYBOOKS[kind as ShippedKind] : reported;
}
