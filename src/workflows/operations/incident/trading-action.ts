/**
 * Carries out a trading action of one of the desk's own playbooks, and proves it. Close-all and a database restore need
 * a person's agreement.
 */
import { condition, patched, sleep } from '@temporalio/workflow';
import type { CommandResult } from '../../../contracts/control.js';
import type { OwnPlaybook, PlaybookStep, TradingAction } from '../../../contracts/incident.js';
import type { ApprovalParameters } from '../../../domain/decision.js';
import { causeOf } from '../../../domain/message-of.js';
import { approvedCalls, restartCalls, restoreCalls, traderCalls } from '../operations-calls.js';
import type { StepOutcome } from '../routine/step.js';
import type { IncidentRun } from './incident-run.js';
import { askPeople } from './offer.js';

/** How long one attempt at the proof takes, and how many there are. */
const PROOF_MS = 10_000;
const PROOFS_MAX = 12;
/** Pause between two checks that a restarted trader answers. */
const ANSWER_EVERY_MS = 5_000;

/** The actions that are a command to the trader. */
type Commanded = Exclude<TradingAction, 'restart-trader' | 'restore-database'>;

const EXPECTED: Readonly<Record<TradingAction, string>> = {
  halt: 'the trader halts: no entry',
  stop: 'stopped, and no entry order works',
  'close-all': 'a person agrees, and everything is flat at the venue',
  'restart-trader': 'it answers again, HALTED until its checks are clean',
  'restore-database': 'a person agrees, and the newest good backup is in the place of the database',
};

/** The actions that people must agree to first. */
const AGREED: Partial<Record<TradingAction, ApprovalParameters>> = {
  'close-all': { action: 'close-all' },
  'restore-database': {
    action: 'restore-database',
    backup: 'the newest good one; damaged ones are passed over and named',
    downtime: 'everything ends and is started again; positions keep the stops that rest at the venue',
    kept: 'the database that is there, under another name; what only it knows since the backup stays in it',
    trading: 'stays halted until a person resumes',
  },
};

interface Agreement {
  /** Null if nobody agreed. */
  readonly by: string | null;
  readonly said: string;
}

/**
 * Never rejects. Tells people at once what is not proven, since they can press the same button. `ended`: why nothing
 * waits for the step any longer, though the incident goes on; null while something does.
 */
export async function tradingAction(
  incident: IncidentRun,
  step: PlaybookStep,
  action: TradingAction,
  playbook: Pick<OwnPlaybook, 'haltRule'>,
  ended: () => string | null,
): Promise<StepOutcome> {
  const expected = EXPECTED[action];
  try {
    const terms = AGREED[action];
    const agreement = terms === undefined ? null : await askFirst(incident, step, terms, ended);
    if (agreement?.by === null) return { verdict: 'not_run', observed: agreement.said, expected };
    const did = await begin(incident, step, action, playbook, agreement?.by ?? null);
    const observed = agreement === null ? did : `${agreement.said}; ${did}`;
    return { verdict: 'pass', observed, expected, person: agreement?.by ?? null };
  } catch (error) {
    const why = causeOf(error);
    incident.people.alarm(`step:${step.key}`, `${step.title}: "${action}" is not proven (${why})`);
    return { verdict: 'fail', observed: why, expected };
  }
}

/** In runs that began before this patch the question outlives the playbook that asked it, and its incident waits for it. */
const ENDS_WITH_PLAYBOOK = 'a-question-of-an-action-ends-with-its-playbook';

/** Ends without an agreement if the incident is over meanwhile, or the playbook that asked has ended. */
async function askFirst(
  incident: IncidentRun,
  { key, title }: PlaybookStep,
  terms: ApprovalParameters,
  ended: () => string | null,
): Promise<Agreement> {
  const { approvals, input } = incident;
  let isDecided = false;
  const asking = askPeople(
    incident,
    { key, title },
    { ...terms, incident: input.title },
    Date.now() + input.timing.offerMs,
  ).finally(() => {
    isDecided = true;
  });
  const isWanted = () => !isDecided && incident.overBecause === null;
  await condition(() => !isWanted() || ended() !== null);
  if (isWanted() && !patched(ENDS_WITH_PLAYBOOK)) await condition(() => !isWanted());
  if (!isDecided) approvals.withdraw(incident.overBecause ?? ended() ?? '');
  const { state, detail, votes } = await asking;
  const by = state === 'approved' ? votes.map(({ person }) => person).join(' and ') : null;
  return { by, said: `${state}: ${detail}` };
}

/** The result in words. Rejects if it is not proven. */
async function begin(
  incident: IncidentRun,
  step: PlaybookStep,
  action: TradingAction,
  playbook: Pick<OwnPlaybook, 'haltRule'>,
  by: string | null,
): Promise<string> {
  switch (action) {
    case 'restart-trader':
      return answers(incident, await restartTrader(incident));
    case 'restore-database':
      return answers(incident, await restoreDatabase(incident, step, by ?? ''));
    default:
      return carryOut(incident, step, action, playbook);
  }
}

/** Runs that began before this patch restore regardless of what the trader is doing. */
const ONLY_WHILE_STOPPED = 'restores-only-while-trading-is-stopped';

/** The supervisor restarts it. */
function restartTrader({ input }: IncidentRun): Promise<string> {
  const { restartProcess } = restartCalls(input.desk);
  return restartProcess.executeWithOptions({ summary: 'Restart the trader' }, ['trader']);
}

/**
 * The process that started the desk restores, since the whole desk ends meanwhile. What Postgres knew of this
 * incident stays in the old database: the incident's row is written again, and its newest steps are recorded
 * from this run's memory.
 */
async function restoreDatabase(
  incident: IncidentRun,
  { key, title }: PlaybookStep,
  by: string,
): Promise<string> {
  const { input, name, log, timeline, people } = incident;
  if (patched(ONLY_WHILE_STOPPED)) {
    // A person may have resumed since the step that stopped the desk.
    const mode = (await incident.facts())?.mode;
    if (mode === undefined) throw new Error('not restored: the trader does not say whether it has stopped');
    if (mode === 'ACTIVE') throw new Error('not restored: the desk trades');
  }
  const before = log.shown.join('\n');
  const asked = { key: `${name}:${key}`, by };
  const calls = restoreCalls(input.desk);
  const { restored, says } = await calls.restoreDatabase.executeWithOptions({ summary: title }, [asked]);
  if (!restored) throw new Error(says);
  timeline.record({
    name: 'Before the restore',
    kind: 'report',
    verdict: 'pass',
    observed: before,
    expected: 'the newest steps of what the database that was there knows',
  });
  people.tell(`step:${key}`, says);
  return says;
}

/** Waits for the trader, which starts HALTED as always. Rejects if it doesn't answer. */
async function answers(incident: IncidentRun, did: string): Promise<string> {
  for (let looked = 1; ; looked += 1) {
    const facts = await incident.facts();
    if (facts?.begun === true) return `${did}. Proven: it answers, ${facts.mode}.`;
    if (looked === PROOFS_MAX) throw new Error(`${did}, and does not answer`);
    await sleep(ANSWER_EVERY_MS);
  }
}

async function carryOut(
  { input, name }: IncidentRun,
  { key, title }: PlaybookStep,
  action: Commanded,
  { haltRule }: Pick<OwnPlaybook, 'haltRule'>,
): Promise<string> {
  const { desk, incarnation } = input;
  if (incarnation === null) throw new Error('no trader is known');
  // A trader that is restarting accepts the command a moment later.
  const calls = approvedCalls(desk, incarnation);
  const command = { commandId: `${name}:${key}`, by: `incident ${input.kind}`, reason: title };
  const options = { summary: title };
  const sent: Readonly<Record<Commanded, () => Promise<CommandResult>>> = {
    halt: () =>
      calls.sendHalt.executeWithOptions(options, [{ ...command, cause: 'check-failed', resume: haltRule }]),
    stop: () => calls.sendStop.executeWithOptions(options, [command]),
    'close-all': () => calls.sendCloseAll.executeWithOptions(options, [command]),
  };
  const { ok, detail } = await sent[action]();
  if (!ok) throw new Error(`refused by the trader: ${detail}`);
  return action === 'halt' ? detail : `${detail} ${await proofOf(action, desk, incarnation)}`;
}

async function proofOf(
  action: Exclude<Commanded, 'halt'>,
  desk: string,
  incarnation: string,
): Promise<string> {
  const { proveFlat, proveStopped } = traderCalls(desk, incarnation);
  for (let looked = 1; ; looked += 1) {
    const reading =
      action === 'stop'
        ? {
            open: [],
            ...(await proveStopped.executeWithOptions({ summary: 'No entry order works?' }, [PROOF_MS])),
          }
        : await proveFlat.executeWithOptions({ summary: 'Flat at the venue?' }, [PROOF_MS]);
    const { mode, entriesWorking, open } = reading;
    const found = `${mode}, ${entriesWorking} entry orders work${open.length > 0 ? `, open: ${open.join(', ')}` : ''}`;
    if (reading.proven) return `Proven: ${found}.`;
    if (looked === PROOFS_MAX) throw new Error(`not proven: ${found}`);
  }
}
