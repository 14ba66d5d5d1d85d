/** A routine's step that is a playbook in code: opens its incident, and waits for the playbook's end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { INCIDENT_MESSAGES, type IncidentProgress } from '../../contracts/incident.js';
import type { IncidentActivities, PlaybookRequest } from '../../contracts/incident-activities.js';
import type { PlaybookEnd } from '../../contracts/playbook.js';
import { incidentId } from '../../contracts/queues.js';
import { ownIncidents } from '../../desk/own-incidents.js';
import { fingerprintOf } from './incident-start.js';
import { type ReportContext, reportIncident } from './report-incident.js';

type Outcome = Awaited<ReturnType<IncidentActivities['runPlaybook']>>;

const EVERY_MS = 1_000;
const QUERY_MS = 10_000;
const EXPECTED = 'the playbook comes to its end';
const VERDICTS = { done: 'pass', failed: 'fail', cancelled: 'not_run' } as const;

/**
 * Called again after its worker was lost, opens nothing anew. Rejects if the incident can't be reached, or when
 * `ending` is aborted.
 */
export async function playbookOfStep(
  context: ReportContext,
  request: PlaybookRequest,
  ending: AbortSignal,
): Promise<Outcome> {
  const { playbook, key, routine, title, with: given, untilMs } = request;
  const { desk, nowMs } = context;
  if (ownIncidents(desk).get(playbook)?.code === undefined)
    return ended('not_run', `the desk has no playbooks/${playbook} any more`, null);
  const workflowId = incidentId(fingerprintOf(desk.desk, { kind: playbook, subject: '' }));
  const reported = await reportIncident(context, {
    ...{ kind: playbook, subject: '', key, source: `routine ${routine}`, title, with: given },
    detail: `${title}: a step of the routine ${routine}`,
  });
  // Its parameters and its reason are another's.
  if (reported.workflowId !== null && !reported.opened)
    return ended('not_run', `one runs already: ${workflowId}`, workflowId);
  for (;;) {
    const progress = await context.temporal.within(QUERY_MS, (client) =>
      client.workflow.getHandle(workflowId).query<IncidentProgress>(INCIDENT_MESSAGES.progress),
    );
    const end = endOf(progress);
    if (end !== null) return ended(VERDICTS[end.ended], end.says, workflowId);
    const goesOn = `${workflowId} goes on by itself`;
    if (untilMs === null) return ended('not_run', goesOn, workflowId);
    if (nowMs() >= untilMs)
      return ended('fail', `not at its end in the time that the step has; ${goesOn}`, workflowId);
    await sleep(EVERY_MS, undefined, { signal: ending });
  }
}

/** Null while the playbook runs. A person may have declared its incident over before. */
function endOf({ playbook, outcome }: IncidentProgress): PlaybookEnd | null {
  if (playbook !== undefined) return playbook;
  return outcome === null ? null : { ended: 'cancelled', says: outcome };
}

const ended = (verdict: Outcome['verdict'], observed: string, reference: string | null): Outcome => ({
  ...{ verdict, observed, expected: EXPECTED, reference },
});
