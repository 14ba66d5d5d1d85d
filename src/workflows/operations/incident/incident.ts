/**
 * One incident, from the first symptom to the review: people are told until one has answered, the playbook of its kind
 * does what the runbook says, what was found and done is kept, and in the end a person is asked to look back on it.
 */
import { allHandlersFinished, condition, defineQuery, defineUpdate, setHandler } from '@temporalio/workflow';
import {
  INCIDENT_MESSAGES,
  type IncidentAnswer,
  type IncidentInput,
  type IncidentProgress,
  type IncidentReport,
} from './contract.js';
import { IncidentRun } from './incident-run.js';
import { PLAYBOOKS } from './playbooks/playbooks.js';

const reportUpdate = defineUpdate<IncidentProgress, [IncidentReport]>(INCIDENT_MESSAGES.report);
const acknowledgeUpdate = defineUpdate<IncidentProgress, [IncidentAnswer]>(INCIDENT_MESSAGES.acknowledge);
const resolveUpdate = defineUpdate<IncidentProgress, [IncidentAnswer]>(INCIDENT_MESSAGES.resolve);
const progressQuery = defineQuery<IncidentProgress>(INCIDENT_MESSAGES.progress);

export async function incident(input: IncidentInput): Promise<IncidentProgress> {
  const run = new IncidentRun(input);
  setHandler(progressQuery, () => run.progress);
  setHandler(reportUpdate, (report) => run.take(report), { validator: (report) => run.refuseReport(report) });
  setHandler(acknowledgeUpdate, (answer) => run.acknowledge(answer), {
    validator: (answer) => run.refuseAnswer('acknowledge', answer),
  });
  setHandler(resolveUpdate, (answer) => run.resolveByPerson(answer), {
    validator: (answer) => run.refuseAnswer('resolve', answer),
  });

  // Started with its first report: that one comes before anything else.
  await condition(() => run.isReported, '10 seconds');
  run.open();
  const ladder = run.climbLadder();
  const outcome = await PLAYBOOKS[input.kind](run);
  run.close(outcome);
  await ladder;
  run.askForReview();
  await condition(() => allHandlersFinished() && run.settled);
  return run.progress;
}
