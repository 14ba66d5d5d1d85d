/**
 * Finds what opens an incident in the trader's status, the processes and the orders. The same occurrence
 * always has the same key.
 */
import type { Symptom } from '../../contracts/incident.js';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { ownIncidents, titleOfOwn } from '../../desk/own-incidents.js';
import type { Desk } from '../../desk/schema.js';
import type { Halt } from '../../domain/mode.js';
import type { ProcessSeen } from '../../playbooks/playbook.js';
import { PLAYBOOKS, SHIPPED_KINDS, type ShippedKind } from '../../playbooks/registry.js';
import type { RejectedOrder } from '../../store/read-ledger.js';
import { settingsOf } from './report-incident.js';

const SOURCE = 'trader';

/**
 * The shipped kinds look after stops and positions, so the desk's own kinds open alongside them. Only
 * `openedByHalt` is left out for a halt that has opened another kind.
 */
export function symptomsOf(desk: Desk, status: TraderStatus): readonly Symptom[] {
  const opened = [
    ...status.halts.flatMap((halt) => ownSymptoms(desk, halt)),
    ...SHIPPED_KINDS.flatMap((kind) => shippedSymptoms(kind, desk, status)),
  ];
  const told = new Set(opened.map(({ key }) => key));
  const others = status.halts.filter(({ haltId }) => !told.has(`halt:${haltId}`));
  return [...opened, ...others.flatMap(haltSymptoms)];
}

function shippedSymptoms(kind: ShippedKind, desk: Desk, status: TraderStatus): Symptom[] {
  const openings = PLAYBOOKS[kind].openedByTrader?.(status, settingsOf(desk, kind) as never) ?? [];
  return openings.map((opening) => ({ kind, source: SOURCE, ...opening }));
}

function haltSymptoms(halt: Halt): Symptom[] {
  return SHIPPED_KINDS.flatMap((kind) =>
    (PLAYBOOKS[kind].openedByHalt?.(halt) ?? []).map((opening) => ({ kind, source: SOURCE, ...opening })),
  );
}

export function symptomsOfProcess(process: ProcessSeen): Symptom[] {
  return SHIPPED_KINDS.flatMap((kind) =>
    (PLAYBOOKS[kind].openedByProcess?.(process) ?? []).map((opening) => ({
      kind,
      source: 'processes',
      ...opening,
    })),
  );
}

/** Symptoms of the desk's own kinds that this cause opens. */
function ownSymptoms(
  desk: Desk,
  { cause, haltId, reason }: Pick<Halt, 'cause' | 'haltId' | 'reason'>,
): Symptom[] {
  return [...ownIncidents(desk)]
    .filter(([, { trigger }]) => trigger.halt.some((one) => one === cause))
    .map(([kind, own]) => ({
      kind,
      subject: '',
      key: `halt:${haltId}`,
      source: SOURCE,
      title: titleOfOwn(kind, own),
      detail: reason,
    }));
}

/** The symptom of the desk's own kind that a rejected order opens; null if it has none. */
export function rejectionSymptom(desk: Desk): ((order: RejectedOrder) => Symptom) | null {
  const found = [...ownIncidents(desk)].find(([, { trigger }]) => trigger.order === 'rejected');
  if (found === undefined) return null;
  const [kind, own] = found;
  return ({ clientId, what, reason }) => ({
    kind,
    subject: '',
    key: `order:${clientId}`,
    source: 'orders',
    title: titleOfOwn(kind, own),
    detail: `${what} (${clientId}): ${reason || 'the venue gave no reason'}`,
  });
}
