/**
 * A question with several answers, asked in parallel: the first one that a person agrees to counts and is carried out.
 * Answers make positions smaller or ask a person for something; none lets the desk trade.
 */
import type { PlaybookAnswer, PlaybookStep } from '../../../../contracts/incident.js';
import { causeOf } from '../../../../domain/message-of.js';
import { approvedCalls } from '../../operations-calls.js';
import { runStep } from '../../routine/run-steps.js';
import type { StepContext, StepOutcome } from '../../routine/step.js';
import type { IncidentRun } from '../incident-run.js';
import { askPeople, questionId } from './offer.js';

const EXPECTED = 'a person agrees to one of the answers';

interface Chosen {
  readonly answer: PlaybookAnswer;
  readonly by: string;
}

/** Never rejects. Ends without an answer if nobody agrees in time, or if the incident is declared over meanwhile. */
export async function choose(
  incident: IncidentRun,
  step: PlaybookStep,
  answers: readonly PlaybookAnswer[],
  context: StepContext,
): Promise<StepOutcome> {
  const { chosen, said } = await askAll(incident, step, answers);
  if (chosen === null) return { verdict: 'not_run', observed: said.join('; '), expected: EXPECTED };
  const { answer, by } = chosen;
  const common = { expected: EXPECTED, person: by };
  try {
    const did = await carryOut(incident, step, chosen, context);
    return { ...common, verdict: 'pass', observed: `${by}: ${answer.title}; ${did}` };
  } catch (error) {
    const why = `"${answer.title}", chosen by ${by}, could not be carried out: ${causeOf(error)}`;
    incident.people.alarm(`step:${step.key}`, `${step.title}: ${why}`);
    return { ...common, verdict: 'fail', observed: why };
  }
}

async function askAll(
  incident: IncidentRun,
  step: PlaybookStep,
  answers: readonly PlaybookAnswer[],
): Promise<{ readonly chosen: Chosen | null; readonly said: readonly string[] }> {
  const { course, approvals, input } = incident;
  const untilMs = Date.now() + input.timing.offerMs;
  const agreed: Chosen[] = [];
  const overtaken = (): string | null => {
    if (course.resolved !== null) return 'the incident was declared over';
    return agreed[0] === undefined ? null : `${agreed[0].by} chose "${agreed[0].answer.title}"`;
  };
  const asked = answers.map(async (answer) => {
    const key = `${step.key}-${answer.key}`;
    const title = `${step.title}: ${answer.title}`;
    const { state, detail, votes } = await askPeople(
      incident,
      { key, title },
      parametersOf(answer),
      untilMs,
      overtaken,
    );
    if (state === 'approved') {
      agreed.push({ answer, by: votes.map(({ person }) => person).join(' and ') });
      // If two people agree at once, the second answer must not be recorded as carried out.
      if (agreed.length > 1)
        await approvals.supersede({ id: questionId(incident, key) }, 'another was chosen first');
    }
    return `${answer.title}: ${state}, ${detail}`;
  });
  const ended = await Promise.allSettled(asked);
  const said = ended.map((one, at) =>
    one.status === 'fulfilled'
      ? one.value
      : `${answers[at]?.title}: could not be asked, ${causeOf(one.reason)}`,
  );
  return { chosen: agreed[0] ?? null, said };
}

function parametersOf({ sizePct, human }: PlaybookAnswer) {
  return {
    ...(sizePct === undefined ? {} : { positionSizePct: sizePct }),
    ...(human === undefined ? {} : { task: human }),
    trading: 'stays as it is until a person resumes',
  };
}

/** The result in words. */
async function carryOut(
  incident: IncidentRun,
  step: PlaybookStep,
  { answer, by }: Chosen,
  context: StepContext,
): Promise<string> {
  const { sizePct, human, dueHours, title } = answer;
  const key = `${step.key}-${answer.key}`;
  const did: string[] = [];
  if (sizePct !== undefined) did.push(await makeSmaller(incident, { key, title, sizePct, by }));
  if (human !== undefined) {
    const task = { ...step, choose: undefined, key, title, human, dueHours, waitMinutes: 0 };
    did.push((await runStep(task, context)).observed);
  }
  return did.join('; ') || 'nothing else is done';
}

async function makeSmaller(
  incident: IncidentRun,
  {
    key,
    title,
    sizePct,
    by,
  }: { readonly key: string; readonly title: string; readonly sizePct: number; readonly by: string },
): Promise<string> {
  const { input, name } = incident;
  if (input.incarnation === null) throw new Error('no trader is known');
  const now = (await incident.facts())?.sizePct ?? sizePct;
  // A trader that is restarting accepts the command a moment later.
  const { ok, detail } = await approvedCalls(input.desk, input.incarnation).resize.executeWithOptions(
    { summary: `Position size ${sizePct} %` },
    [
      {
        commandId: `${name}:${key}`,
        by,
        reason: `${input.title}: ${title}`,
        sizePct: Math.min(sizePct, now),
        decisions: [],
      },
    ],
  );
  if (!ok) throw new Error(`refused by the trader: ${detail}`);
  return `${detail}; to trade again: fermata resume --reason TEXT`;
}
