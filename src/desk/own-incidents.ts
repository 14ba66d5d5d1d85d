/** The desk's own incident kinds, and the rules between them and the rest of the desk file. */

import { isShippedKind, SHIPPED_KINDS } from '../playbooks/registry.js';
import type { OwnIncident } from './incident-schema.js';
import type { BrokenRule } from './problem.js';
import type { Desk } from './schema.js';
import { closestName, NAME, NAME_EXPECTED } from './typed-names.js';

type Incidents = Pick<Desk, 'incidents' | 'coded' | 'playbooks'>;

/** Cause of a halt by a step of a routine or playbook. */
const HALT_OF_STEPS = 'check-failed';

/** By name: those of the desk file in its order, then those whose playbook is a file in the desk's folder. */
export function ownIncidents({
  incidents,
  coded = [],
  playbooks = {},
}: Incidents): ReadonlyMap<string, OwnIncident> {
  const kinds = Object.entries<unknown>(incidents.kinds).filter(([kind]) => !isShippedKind(kind));
  const inCode = coded.map(({ name, title, severity, trigger, approvalMinutes }): [string, OwnIncident] => [
    name,
    {
      ...{ title, severity, trigger, approvalMinutes },
      ...{ steps: [], over: 'person', code: { name, with: playbooks[name] ?? {} } },
    },
  ]);
  return new Map([...(kinds as [string, OwnIncident][]), ...inCode]);
}

/** The title for people: "late-bank" without a title is "Late bank". */
export function titleOfOwn(kind: string, { title }: Pick<OwnIncident, 'title'>): string {
  return title ?? `${kind.slice(0, 1).toUpperCase()}${kind.slice(1).replaceAll('-', ' ')}`;
}

/** The kinds that a person, a program or a step may open by name: the given shipped kind and the desk's own. */
export function kindsToOpen(desk: Incidents, shipped: 'reported' | 'step-failed'): readonly string[] {
  return [shipped, ...ownIncidents(desk).keys()];
}

/** `coded`: names of the files in `playbooks/`, each an incident kind. */
export function ownIncidentRules(desk: Desk, coded: readonly string[]): BrokenRule[] {
  return [
    ...kindRules(desk),
    ...codedNameRules(desk, coded),
    ...triggerRules(desk),
    ...circleRules(desk),
    ...withinRules(desk),
    ...stepKindRules(desk, coded),
    ...stepPlaybookRules(desk, coded),
    ...restoreRules(desk),
  ];
}

function kindRules(desk: Desk): BrokenRule[] {
  return [...ownIncidents(desk)].flatMap(([kind, { steps }]): BrokenRule[] => {
    const path = ['incidents', 'kinds', kind];
    if (steps.length === 0) {
      const near = closestName(kind, SHIPPED_KINDS);
      return [
        {
          path,
          expected: `one of the kinds that ship (${SHIPPED_KINDS.join(', ')}), or steps, which make it one of the desk's own`,
          found: `${kind} without steps`,
          doThis: near === null ? 'add its steps, or remove it' : `write ${near}, or add its steps`,
        },
      ];
    }
    if (NAME.test(kind)) return [];
    const expected = `a name of ${NAME_EXPECTED}`;
    return [{ path, expected, found: kind, doThis: 'give it such a name' }];
  });
}

/** An incident kind has one playbook. */
function codedNameRules({ incidents }: Incidents, coded: readonly string[]): BrokenRule[] {
  return coded
    .filter((name) => Object.hasOwn(incidents.kinds, name) && !isShippedKind(name))
    .map((name) => ({
      path: ['incidents', 'kinds', name],
      expected: 'each kind of incident once',
      found: `${name}, which a file of playbooks/ is`,
      doThis: 'take it out here, or rename the file',
    }));
}

/** If one cause opened two kinds, two playbooks would act on it. */
export function triggerRules(desk: Desk): BrokenRule[] {
  const openers = [...ownIncidents(desk)].flatMap(([kind, { trigger }]) => [
    ...trigger.halt.map((cause, at) => ({ what: `halt ${cause}`, kind, rest: ['halt', at] })),
    ...(trigger.order === undefined ? [] : [{ what: 'order rejected', kind, rest: ['order'] }]),
    ...(trigger.step === undefined ? [] : [{ what: 'step failed', kind, rest: ['step'] }]),
  ]);
  return openers.flatMap(({ what, kind, rest }, at) => {
    const first = openers.findIndex((one) => one.what === what);
    if (first === at) return [];
    return [
      {
        path: ['incidents', 'kinds', kind, 'trigger', ...rest],
        expected: 'what opens no other kind',
        found: `${what}, which opens ${openers[first]?.kind}`,
        doThis: 'take it out of one of the two',
      },
    ];
  });
}

/** If nothing can be restored, all restarts with the damaged database: the desk must not trade on it. */
function restoreRules(desk: Desk): BrokenRule[] {
  return [...ownIncidents(desk)].flatMap(([kind, { steps }]) => {
    const at = steps.findIndex(({ action }) => action === 'restore-database');
    if (at === -1 || steps.slice(0, at).some(({ action }) => action === 'stop' || action === 'close-all'))
      return [];
    return [
      {
        path: ['incidents', 'kinds', kind, 'steps', at, 'action'],
        expected: 'a step above it that stops the desk until a person resumes',
        found: 'restore-database without one',
        doThis: 'put a step with action: stop above it',
      },
    ];
  });
}

/** Otherwise the halt by its own step would reopen the incident each time it is over. */
function circleRules(desk: Desk): BrokenRule[] {
  return [...ownIncidents(desk)].flatMap(([kind, { trigger, steps }]) => {
    const cause = trigger.halt.indexOf(HALT_OF_STEPS);
    const halts = steps.find(({ action }) => action === 'halt');
    if (cause === -1 || halts === undefined) return [];
    return [
      {
        path: ['incidents', 'kinds', kind, 'trigger', 'halt', cause],
        expected: 'a cause that no step of its own makes',
        found: `${HALT_OF_STEPS}, the cause of the halt of its step ${halts.key}`,
        doThis: `take ${HALT_OF_STEPS} out: the desk has halted where that opens it`,
      },
    ];
  });
}

/** A step that acts or asks people runs once. */
function withinRules(desk: Desk): BrokenRule[] {
  return [...ownIncidents(desk)].flatMap(([kind, { steps }]) =>
    steps.flatMap(({ withinMinutes, check, http }, at) => {
      if (withinMinutes === undefined || check !== undefined || http !== undefined) return [];
      return [
        {
          path: ['incidents', 'kinds', kind, 'steps', at, 'withinMinutes'],
          expected: 'check or http beside it',
          found: `${withinMinutes}`,
          doThis: 'take withinMinutes out: only what looks is tried again',
        },
      ];
    }),
  );
}

function stepPlaybookRules(desk: Desk, coded: readonly string[]): BrokenRule[] {
  return desk.routines.flatMap(({ steps }, routine) =>
    steps.flatMap(({ playbook }, at): BrokenRule[] => {
      if (playbook === undefined || coded.includes(playbook)) return [];
      const near = closestName(playbook, coded);
      return [
        {
          path: ['routines', routine, 'steps', at, 'playbook'],
          expected: `the name of a file of playbooks/ (${coded.join(', ') || 'there is none'})`,
          found: playbook,
          doThis: near === null ? 'take the step out, or write such a file' : `write playbook: ${near}`,
        },
      ];
    }),
  );
}

/** The incident kind that a failed step of a routine opens. */
function stepKindRules(desk: Desk, coded: readonly string[]): BrokenRule[] {
  const known = [...kindsToOpen(desk, 'step-failed'), ...coded];
  return desk.routines.flatMap(({ steps }, routine) =>
    steps.flatMap(({ incident, onFail }, at): BrokenRule[] => {
      if (incident === undefined) return [];
      const path = ['routines', routine, 'steps', at, 'incident'];
      if (!known.includes(incident)) {
        const near = closestName(incident, known);
        const doThis = near === null ? 'write one of these' : `write incident: ${near}`;
        return [{ path, expected: `one of the kinds ${known.join(', ')}`, found: incident, doThis }];
      }
      if (onFail === 'incident') return [];
      const doThis = 'write onFail: incident, or take incident out';
      return [{ path, expected: 'onFail: incident beside it', found: `onFail: ${onFail}`, doThis }];
    }),
  );
}
