/**
 * One incident from the first symptom to the review: people are told until somebody answers, the playbook of
 * its kind does what the runbook says, findings and actions are recorded, and at the end a person is asked
 * for a review.
 */
import {
  allHandlersFinished,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type Answered,
  acknowledgedAlready,
  INCIDENT_MESSAGES,
  INCIDENT_OVER,
  type IncidentAnswer,
  type IncidentInput,
  type IncidentProgress,
  type IncidentReport,
  type LookAgain,
  REPORTS_MAX,
} from '../../../contracts/incident.js';
import type { Decision } from '../../../domain/decision.js';
import { pastForTemporal } from '../../../domain/moment.js';
import { isUnsealed } from '../../../domain/unsealed.js';
import { isShippedKind, PLAYBOOKS } from '../../../playbooks/registry.js';
import { CANCEL_ASKED, onCancelRequest } from '../../cancellation.js';
import { runIdentity } from '../../evidence-trail.js';
import { showVerdict } from '../../show.js';
import { decisionCalls } from '../operations-calls.js';
import { codedPlaybook } from './coded-playbook.js';
import { type IncidentLog, progressOf, type Timeline } from './incident-log.js';
import { type Announcements, IncidentRun, type Playbook } from './incident-run.js';
import { ownPlaybook } from './own-playbook.js';

const reportUpdate = defineUpdate<IncidentProgress, [IncidentReport]>(INCIDENT_MESSAGES.report);
const acknowledgeUpdate = defineUpdate<IncidentProgress, [IncidentAnswer]>(INCIDENT_MESSAGES.acknowledge);
const resolveUpdate = defineUpdate<IncidentProgress, [IncidentAnswer]>(INCIDENT_MESSAGES.resolve);
const lookAgainSignal = defineSignal<[LookAgain?]>(INCIDENT_MESSAGES.lookAgain);
/** Marks the histories in which an answer stops the escalations even if the next one is due in the same task. */
const ANSWER_ENDS_ESCALATION = 'an-answer-ends-the-ladder-at-its-rung';
const progressQuery = defineQuery<IncidentProgress>(INCIDENT_MESSAGES.progress);

export async function incident(input: IncidentInput): Promise<IncidentProgress> {
  const run = new IncidentRun(input);
  const { log } = run;
  takeMessages(run);

  // The incident starts with its first report, which comes before anything else.
  await condition(() => log.reports.length > 0, '10 seconds');
  open(run);
  onCancelRequest(() => goOn(run));
  const escalation = escalate(run);
  const outcome = await playbookOf(input)(run);
  close(run, outcome);
  await escalation;
  askForReview(run);
  await condition(() => allHandlersFinished() && run.timeline.trail.settled);
  return progressOf(log);
}

/** A kind of the desk's own has its own playbook. A kind without any is left to a person. */
function playbookOf({ kind, playbook, code, settings }: IncidentInput): Playbook {
  if (code !== undefined) return codedPlaybook(code);
  if (playbook !== undefined) return ownPlaybook(playbook);
  const shipped = PLAYBOOKS[isShippedKind(kind) ? kind : 'reported'];
  return (incident) => shipped.run(incident, settings as never);
}

function takeMessages(run: IncidentRun): void {
  const { input, log, timeline, people } = run;
  const answers = new Answers(input.desk, log, timeline, people);
  const progress = () => progressOf(log);
  setHandler(progressQuery, progress);
  setHandler(lookAgainSignal, (told) => run.wake(told));
  setHandler(
    reportUpdate,
    (report) => {
      takeReport(log, timeline, report);
      return progress();
    },
    { validator: (report) => refuseReport(log, report) },
  );
  setHandler(acknowledgeUpdate, (answer) => answers.acknowledge(answer).then(progress), {
    validator: (answer) => answers.refuseUnfit('acknowledge', answer),
  });
  setHandler(resolveUpdate, (answer) => answers.resolve(answer).then(progress), {
    validator: (answer) => answers.refuseUnfit('resolve', answer),
  });
}

/** Reminds, and tells more people each time, until somebody answers or the incident is over. */
async function escalate({ input, log, timeline, people }: IncidentRun): Promise<void> {
  const dueAfterMs = [input.timing.respondMs, ...input.timing.escalateMs];
  const isAnswered = () => log.acknowledged !== null || log.outcome !== null;
  while (log.escalations < dueAfterMs.length) {
    const dueMs = log.openedMs + (dueAfterMs[log.escalations] ?? 0);
    if (await condition(isAnswered, Math.max(1, dueMs - Date.now()))) return;
    // The answer may arrive in the same task as the timer, which is handled first.
    if (isAnswered() && patched(ANSWER_ENDS_ESCALATION)) return;
    log.escalations += 1;
    timeline.record({
      name: log.escalations === 1 ? 'Reminder' : `Escalation ${log.escalations - 1}`,
      kind: 'report',
      verdict: 'warn',
      observed: `nobody has acknowledged it for ${minutes(Date.now() - log.openedMs)}`,
      expected: 'a person answers',
    });
    people.tell(`escalation-${log.escalations}`);
  }
}

/** Synchronous; throwing refuses the update. */
function refuseReport(log: IncidentLog, report: IncidentReport): void {
  if (isUnsealed(report)) throw new Error('a report in plain text counts for nothing');
  if (typeof report?.key !== 'string' || report.key === '' || typeof report.detail !== 'string')
    throw new Error('expected {key, source, detail, atMs}');
  if (log.outcome !== null) throw new Error(INCIDENT_OVER);
}

/** The same key counts once. The first report opens the incident, which records that report itself. */
function takeReport({ reports }: IncidentLog, timeline: Timeline, report: IncidentReport): void {
  const isKnown = reports.some(({ key }) => key === report.key);
  if (isKnown || reports.length >= REPORTS_MAX) return;
  reports.push(report);
  if (reports.length === 1) return;
  timeline.record({
    name: 'Seen again',
    kind: 'report',
    verdict: 'warn',
    observed: [report.source, report.detail].filter((part) => part !== '').join(': '),
    expected: 'nothing more',
    reference: report.key,
  });
}

/** Not repeated after continue-as-new. */
function open({ input, log, timeline, people }: IncidentRun): void {
  if (input.carried !== null) return;
  const [first] = log.reports;
  timeline.record({
    name: 'Opened',
    kind: 'report',
    verdict: 'fail',
    // A person may have reported only a title.
    observed: first?.detail || input.title,
    expected: `a person answers within ${minutes(input.timing.respondMs)}`,
    reference: first?.key ?? null,
  });
  people.tell('opened');
}

/** An incident lasts as long as its cause: cancelling the run would only end the watch. */
function goOn({ log, timeline, people }: IncidentRun): void {
  if (log.outcome !== null) return;
  const text = `${CANCEL_ASKED}: the incident goes on, because its cause is not gone. It ends by itself when that is so, or when a person says that it is over.`;
  timeline.record({
    name: 'Asked to cancel',
    kind: 'report',
    verdict: 'warn',
    observed: text,
    expected: 'a person says that it is over',
  });
  people.tell(`cancel-${log.sequence}`, text);
}

function close(incident: IncidentRun, outcome: string): void {
  const { log, timeline, people } = incident;
  log.outcome = outcome;
  incident.show(outcome);
  timeline.record({
    name: 'Over',
    kind: 'report',
    verdict: 'pass',
    observed: outcome,
    expected: 'the cause is gone, or a person says that it is over',
    person: log.resolved?.by ?? null,
  });
  showVerdict('pass');
  people.tell('resolved');
}

function askForReview({ input, log, timeline, keep }: IncidentRun): void {
  const { desk, title, timing, fingerprint, simulated } = input;
  timeline.trail.keep(
    'asking for the review',
    keep.askForReview.executeWithOptions({ summary: 'Ask a person to look back on it' }, [
      {
        run: runIdentity(desk),
        fingerprint,
        title,
        detail: `${log.reports[0]?.detail || title}. It ended: ${log.outcome}`,
        dueMs: Date.now() + timing.reviewMs,
        simulated,
      },
    ]),
  );
}

/** "45 s" below a minute, then "12 min". */
function minutes(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}

/** People's answers "I have it" and "it is over". Verified where the key is; each counts once. */
class Answers {
  constructor(
    private readonly desk: string,
    private readonly log: IncidentLog,
    private readonly timeline: Timeline,
    private readonly people: Announcements,
  ) {}

  /** Refuses an answer that is visibly invalid. Synchronous; throwing refuses the update. */
  refuseUnfit(choice: 'acknowledge' | 'resolve', answer: IncidentAnswer): void {
    if (isUnsealed(answer)) throw new Error('an answer in plain text counts for nothing');
    const { decision } = answer;
    const { outcome, resolved, acknowledged } = this.log;
    if (outcome !== null || resolved !== null) throw new Error(INCIDENT_OVER);
    if (choice === 'acknowledge' && acknowledged !== null)
      throw new Error(acknowledgedAlready(acknowledged.by));
    if (decision?.choice !== choice) throw new Error(`expected the choice "${choice}"`);
    if (decision.desk !== this.desk) throw new Error(`this is the desk ${this.desk}`);
    if (decision.subject !== workflowInfo().firstExecutionRunId)
      throw new Error('the decision is about another incident');
    const nowMs = Date.now();
    if (!(decision.expiresWallMs > nowMs)) throw new Error(pastForTemporal(decision.expiresWallMs, nowMs));
  }

  async acknowledge({ decision, note }: IncidentAnswer): Promise<void> {
    await this.#verify(decision);
    // If two people acknowledge at once, the first one has it.
    if (this.log.acknowledged !== null) return;
    this.log.acknowledged = answered(decision, note);
    this.#record('Acknowledged', decision, note, 'a person of the desk, or somebody at its machine');
    this.people.tell('acknowledged');
  }

  async resolve({ decision, note }: IncidentAnswer): Promise<void> {
    await this.#verify(decision);
    if (this.log.resolved !== null || this.log.outcome !== null) return;
    this.log.resolved = answered(decision, note);
    this.log.acknowledged ??= this.log.resolved;
    this.#record('Declared over', decision, note, 'a person who was signed in');
  }

  async #verify(decision: Decision): Promise<void> {
    await decisionCalls(this.desk).verifyDecision.executeWithOptions(
      { summary: `Did ${decision.person} answer?` },
      [decision],
    );
  }

  #record(name: string, { person, via, decisionId }: Decision, note: string, expected: string): void {
    this.timeline.record({
      name,
      kind: 'human',
      verdict: 'pass',
      observed: `${person} (${via})${note === '' ? '' : `: ${note}`}`,
      expected,
      person,
      reference: decisionId,
    });
  }
}

function answered({ person, via }: Decision, note: string): Answered {
  return { by: person, via, note, atMs: Date.now() };
}
