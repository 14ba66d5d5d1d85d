/**
 * One incident, from the first symptom to the review: people are told until one has answered, the playbook of its kind
 * does what the runbook says, what was found and done is kept, and in the end a person is asked to look back on it.
 */
import {
  allHandlersFinished,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
} from '@temporalio/workflow';
import {
  INCIDENT_MESSAGES,
  type IncidentAnswer,
  type IncidentInput,
  type IncidentProgress,
  type IncidentReport,
} from '../../../contracts/incident.js';
import { onCancelRequest } from '../../cancellation.js';
import { Answers } from './answers.js';
import { progressOf } from './course.js';
import { IncidentRun } from './incident-run.js';
import { climbLadder } from './ladder.js';
import { askForReview, close, goOn, open } from './open-and-close.js';
import { PLAYBOOKS } from './playbooks/playbooks.js';
import { refuseReport, takeReport } from './reports.js';

const reportUpdate = defineUpdate<IncidentProgress, [IncidentReport]>(INCIDENT_MESSAGES.report);
const acknowledgeUpdate = defineUpdate<IncidentProgress, [IncidentAnswer]>(INCIDENT_MESSAGES.acknowledge);
const resolveUpdate = defineUpdate<IncidentProgress, [IncidentAnswer]>(INCIDENT_MESSAGES.resolve);
const lookAgainSignal = defineSignal(INCIDENT_MESSAGES.lookAgain);
const progressQuery = defineQuery<IncidentProgress>(INCIDENT_MESSAGES.progress);

export async function incident(input: IncidentInput): Promise<IncidentProgress> {
  const run = new IncidentRun(input);
  const { course } = run;
  takeMessages(run);

  // Started with its first report: that one comes before anything else.
  await condition(() => course.reports.length > 0, '10 seconds');
  open(run);
  onCancelRequest(() => goOn(run));
  const ladder = climbLadder(run);
  const outcome = await PLAYBOOKS[input.kind](run);
  close(run, outcome);
  await ladder;
  askForReview(run);
  await condition(() => allHandlersFinished() && run.timeline.trail.settled);
  return progressOf(course);
}

function takeMessages(run: IncidentRun): void {
  const { input, course, timeline, people } = run;
  const answers = new Answers(input.desk, course, timeline, people);
  const progress = () => progressOf(course);
  setHandler(progressQuery, progress);
  setHandler(lookAgainSignal, () => run.wake());
  setHandler(
    reportUpdate,
    (report) => {
      takeReport(course, timeline, report);
      return progress();
    },
    { validator: (report) => refuseReport(course, report) },
  );
  setHandler(acknowledgeUpdate, (answer) => answers.acknowledge(answer).then(progress), {
    validator: (answer) => answers.refuseUnfit('acknowledge', answer),
  });
  setHandler(resolveUpdate, (answer) => answers.resolve(answer).then(progress), {
    validator: (answer) => answers.refuseUnfit('resolve', answer),
  });
}
