/** The playbooks that ship, by kind of incident. A new one needs a file and a line here. */
import { crashAndRestart } from './crash-and-restart.js';
import { exchangeDown } from './exchange-down.js';
import { largeDrawdown } from './large-drawdown.js';
import { playbook, type SettingsOf } from './playbook.js';
import { strategyUnderperforming } from './strategy-underperforming.js';
import { tradingHalted } from './trading-halted.js';

/** Only a person can tell what is needed. */
const leftToPerson = (meaning: string) =>
  playbook({
    severity: 'medium',
    isInEveryHash: true,
    meaning,
    keys: () => ({}),
    runbook: ['A person looks at it and says when it is over.'],
    run: (incident) => incident.watch('waiting for a person to declare it over', async () => null),
  });

export const PLAYBOOKS = {
  'exchange-down': exchangeDown,
  'large-drawdown': largeDrawdown,
  'crash-and-restart': crashAndRestart,
  'strategy-underperforming': strategyUnderperforming,
  'trading-halted': tradingHalted,
  'step-failed': leftToPerson('A routine’s step with `onFail: incident` failed.'),
  reported: leftToPerson('A person or a program reported it.'),
};

/** Each has a playbook that ships. */
export type ShippedKind = keyof typeof PLAYBOOKS;
export type SettingsOfKind<Kind extends ShippedKind> = SettingsOf<(typeof PLAYBOOKS)[Kind]['keys']>;

export const SHIPPED_KINDS = Object.keys(PLAYBOOKS) as ShippedKind[];

/** The kind whose key says how long an offer stands, of whatever shipped kind. */
export const OFFERS_STAND_BY = 'large-drawdown' satisfies ShippedKind;
export const offersStandMinutes = ({ offerMinutes }: SettingsOfKind<typeof OFFERS_STAND_BY>): number =>
  offerMinutes;

export const isShippedKind = (kind: string): kind is ShippedKind => Object.hasOwn(PLAYBOOKS, kind);

/** The section of docs/WOKEN.md about an incident of this kind. */
export const topicOfIncident = (kind: string): ShippedKind | 'own-incident' =>
  isShippedKind(kind) ? kind : 'own-incident';
