import { randomUUID } from 'node:crypto';
import type { Incident } from '../contracts/incident.js';
import type { Task } from '../contracts/operations-activities.js';
import type {
  ApprovalShown,
  IncidentShown,
  JournalDay,
  PreflightReport,
  SetupDetails,
  SetupShown,
} from '../contracts/published.js';
import type { SignalsStatus, TraderStatus } from '../contracts/trader-status.js';
import { unfitText, withPlainText } from '../domain/plain-text.js';
import type { SignalBody } from '../domain/signal.js';
import type { StatementToSign } from '../domain/vote-statement.js';
import type { Channel } from '../home/channel-health.js';
import { deskPaths, homePaths, type Runtime } from '../home/runtime.js';
import { readSecret } from '../home/secrets.js';
import { whatTwinsDid } from '../reports/paper-twins.js';
import { type EvidenceProof, verifyEvidence } from '../store/evidence-rows.js';
import { openPool } from '../store/pool.js';
import { readStepOutput, type StepOutput } from '../store/step-outputs.js';
import { countSetups, readTradingJournal } from '../store/trading-journal-rows.js';
import { openTemporal } from '../temporal/open-temporal.js';
import { connectTrader, type TraderClient } from '../trader/client.js';
import { readWords } from '../trader/read-status.js';
import type { StoredPeriod } from '../validation/data/stored-minutes.js';
import { type KnownParts, loadDesk, readPlaybooks } from '../venue/load-desk.js';
import {
  type CashExplanation,
  type CoinsRequest,
  type CorporateActionRequest,
  claimCoins,
  explainCash,
  type NoSplitRequest,
  sayNoSplit,
  takeCorporateAction,
} from './account-corrections.js';
import { castVote, listApprovals, type VoteRequest, type VoteResult } from './approvals.js';
import {
  type BackupOperationResult,
  type DrillRequest,
  drillRestore,
  type TakeBackupRequest,
  takeBackup,
} from './backups.js';
import { cancelEntry, closePosition, type EntryRequest, type PositionRequest } from './close-one.js';
import { type DeployRequest, deployBuild } from './deploy-build.js';
import { type ExportRequest, exportRecords } from './export-records.js';
import { type DataGaps, findDataGaps } from './find-data-gaps.js';
import {
  askPreflight,
  type GoLiveRequest,
  type GoLiveShown,
  type GoLiveStarted,
  readGoLive,
  revokeGoLive,
  startGoLive,
} from './go-live/start-go-live.js';
import {
  acknowledgeIncident,
  type IncidentAnswerRequest,
  type IncidentAnswerResult,
  type IncidentOpened,
  type IncidentQuery,
  listIncidents,
  type OpenIncidentRequest,
  type OwnKindShown,
  openIncident,
  ownKinds,
  readIncident,
  resolveIncident,
} from './handle-incidents.js';
import {
  listSetups,
  type Noted,
  type NoteRequest,
  noteInJournal,
  readSetup,
  type SetupQuery,
} from './journal-notes.js';
import type {
  Caller,
  CloseAllRequest,
  EmergencyRequest,
  OperationContext,
  OperationResult,
} from './operation.js';
import { type ChartRequest, type ChartShown, readChart } from './results/read-analytics.js';
import { type ResultsRequest, type ResultsShown, showResults } from './results/read-results.js';
import { type KpisShown, showKpis } from './results/results.js';
import {
  type ResumeDecided,
  type ResumeRequest,
  readDecided,
  resumeTrading,
  whoDecided,
} from './resume-trading.js';
import {
  listSchedules,
  type RoutineOutcome,
  type RoutineRequest,
  runRoutine,
  type ScheduledRun,
} from './run-routine.js';
import type { SettingsResult } from './settings/ask-for-approval.js';
import {
  changeSettings,
  type RollRequest,
  readSettings,
  rollContract,
  type SettingsRequest,
  type SettingsShown,
} from './settings/change-settings.js';
import { statementToSign, type ToDecide } from './sign-as.js';
import { closeAllPositions, type SentCommand, stopTrading } from './stop-trading.js';
import { completeTask, listTasks, type TaskDone, type TaskDoneResult, type TaskQuery } from './tasks.js';
import { type AlertTested, type ErrorsShown, readErrors, testAlert } from './test-alert.js';
import {
  changeSize,
  listSignals,
  type SizeRequest,
  sendSignal,
  type ToggleRequest,
  toggleStrategy,
  type WithdrawalRequest,
  withdrawSignal,
} from './trader-commands.js';
import {
  askForValidation,
  listStoredPeriods,
  listValidations,
  type Validations,
  type ValidationWish,
} from './validations.js';

export interface Operations {
  stopTrading(caller: Caller, request: EmergencyRequest, sent?: SentCommand): Promise<OperationResult>;
  closeAllPositions(caller: Caller, request: CloseAllRequest, sent?: SentCommand): Promise<OperationResult>;
  closePosition(caller: Caller, request: PositionRequest): Promise<OperationResult>;
  cancelEntry(caller: Caller, request: EntryRequest): Promise<OperationResult>;
  resumeTrading(caller: Caller, request: ResumeRequest): Promise<OperationResult>;
  runRoutine(caller: Caller, request: RoutineRequest): Promise<RoutineOutcome>;
  /** Rejects with `TraderUnavailable`. */
  readStatus(): Promise<TraderStatus>;
  /** What this desk's paper twins have done since it halted, one line each. */
  readTwins(): Promise<readonly string[]>;
  /** Who else than `person` has decided to resume from the halt in force, one line each. */
  readDecided(person: string): Promise<readonly string[]>;
  /** The same of everybody, for programs. */
  listDecided(): Promise<readonly ResumeDecided[]>;
  listSchedules(): Promise<readonly ScheduledRun[]>;
  listApprovals(query?: { readonly limit?: number }): Promise<readonly ApprovalShown[]>;
  castVote(caller: Caller, request: VoteRequest): Promise<VoteResult>;
  /** Rejects with `TraderUnavailable`. */
  readSettings(): Promise<SettingsShown>;
  changeSettings(caller: Caller, request: SettingsRequest): Promise<SettingsResult>;
  rollContract(caller: Caller, request: RollRequest): Promise<SettingsResult>;
  claimCoins(caller: Caller, request: CoinsRequest): Promise<OperationResult>;
  toggleStrategy(caller: Caller, request: ToggleRequest): Promise<OperationResult>;
  explainCash(caller: Caller, request: CashExplanation): Promise<OperationResult>;
  takeCorporateAction(caller: Caller, request: CorporateActionRequest): Promise<OperationResult>;
  sayNoSplit(caller: Caller, request: NoSplitRequest): Promise<OperationResult>;
  sendSignal(caller: Caller, signal: SignalBody): Promise<OperationResult>;
  withdrawSignal(caller: Caller, request: WithdrawalRequest): Promise<OperationResult>;
  /** Rejects with `TraderUnavailable`. */
  listSignals(): Promise<SignalsStatus>;
  takeBackup(caller: Caller, request: TakeBackupRequest): Promise<BackupOperationResult>;
  drillRestore(caller: Caller, request: DrillRequest): Promise<BackupOperationResult>;
  deployBuild(caller: Caller, request: DeployRequest): Promise<OperationResult>;
  listTasks(query?: TaskQuery): Promise<readonly Task[]>;
  completeTask(caller: Caller, request: TaskDone): Promise<TaskDoneResult>;
  openIncident(caller: Caller, request: OpenIncidentRequest): Promise<IncidentOpened>;
  acknowledgeIncident(caller: Caller, request: IncidentAnswerRequest): Promise<IncidentAnswerResult>;
  resolveIncident(caller: Caller, request: IncidentAnswerRequest): Promise<IncidentAnswerResult>;
  listIncidents(query?: IncidentQuery): Promise<readonly Incident[]>;
  /** The desk's own kinds that a person may open, in addition to `reported`. */
  ownKinds(): readonly OwnKindShown[];
  readIncident(incident: string): Promise<IncidentShown | null>;
  /** Null if a vote on this needs no personal signature. */
  statementToSign(decided: ToDecide): Promise<StatementToSign | null>;
  /** Takes up to 20 s. */
  testAlert(caller: Caller, channel: Channel): Promise<AlertTested>;
  changeSize(caller: Caller, request: SizeRequest): Promise<OperationResult>;
  findDataGaps(request: { readonly hours: number }): Promise<DataGaps>;
  verifyEvidence(): Promise<EvidenceProof>;
  /** Null if the desk has no output with this id. */
  readStepOutput(id: number): Promise<StepOutput | null>;
  /** CSV in pieces. Rejects while Postgres is down. `caller`: null for a command on this machine. */
  exportRecords(caller: Caller | null, request: ExportRequest): AsyncIterable<string>;
  /** Rejects while Postgres is down. */
  showResults(request: ResultsRequest): Promise<ResultsShown>;
  /** In the order of the desk file. Rejects while Postgres is down. */
  showKpis(): Promise<KpisShown>;
  /** Newest first. Rejects while Postgres is down. */
  listSetups(query: SetupQuery): Promise<readonly SetupShown[]>;
  /** From the logs on this machine. */
  readErrors(query: { readonly hours: number }): Promise<ErrorsShown>;
  /** Null if no setup has this id. Rejects while Postgres is down. */
  readSetup(id: string): Promise<SetupDetails | null>;
  /** The newest days with an entry, newest first. Rejects while Postgres is down. */
  readTradingJournal(days: number): Promise<readonly JournalDay[]>;
  /** Rejects while Postgres is down; then nothing was noted. */
  noteInJournal(caller: Caller, request: NoteRequest): Promise<Noted>;
  /** The number of setups ever detected. Rejects while Postgres is down. */
  countSetups(): Promise<number>;
  /** Rejects with `TraderUnavailable`, or with `ControlFailure` if the symbol is not one of the desk's. */
  readChart(request: ChartRequest): Promise<ChartShown>;
  listValidations(): Promise<Validations>;
  listStoredPeriods(): Promise<readonly StoredPeriod[]>;
  askForValidation(caller: Caller, request: ValidationWish): Promise<OperationResult>;
  /** The operations worker queries the exchange; takes seconds. */
  preflight(): Promise<PreflightReport>;
  /** Runs the pre-flight first, then asks people. */
  startGoLive(caller: Caller, request: GoLiveRequest): Promise<GoLiveStarted>;
  readGoLive(): Promise<GoLiveShown>;
  revokeGoLive(caller: Caller, request: EmergencyRequest): Promise<OperationResult>;
  close(): Promise<void>;
}

/**
 * Everything that a person can ask of the desk, for the web server, the command line and the chat. Connects to
 * nothing yet: each part is reached when it is needed, and may be down. `trader`: for a caller that already has a
 * connection to the trader. `chatKey`: for the bot, whose votes carry a code made with it. `known`: `{}` for a
 * caller that opens no incidents and must not wait for the compilation of playbooks in code.
 */
export async function openOperations(
  runtime: Runtime,
  trader: TraderClient = connectTrader(deskPaths(homePaths(runtime.home), runtime.desk).controlSocket),
  chatKey?: () => string,
  known: KnownParts = { playbooks: readPlaybooks },
): Promise<Operations> {
  return operationsOver({
    runtime,
    desk: loadDesk(runtime.deskFile, known).desk,
    trader,
    temporal: openTemporal(runtime),
    pool: openPool(runtime, 'operations'),
    decisionKey: () => readSecret(runtime.home, 'decisionKey'),
    ...(chatKey === undefined ? {} : { chatKey }),
    newId: randomUUID,
    nowMs: Date.now,
  });
}

export function operationsOver(context: OperationContext): Operations {
  return withPlainRequests({
    stopTrading: (caller, request, sent) => stopTrading(context, caller, request, sent),
    closeAllPositions: (caller, request, sent) => closeAllPositions(context, caller, request, sent),
    closePosition: (caller, request) => closePosition(context, caller, request),
    cancelEntry: (caller, request) => cancelEntry(context, caller, request),
    resumeTrading: (caller, request) => resumeTrading(context, caller, request),
    runRoutine: (caller, request) => runRoutine(context, caller, request),
    readStatus: () => readWords(context),
    readTwins: async () => whatTwinsDid(context.runtime, await readWords(context), context.nowMs()),
    readDecided: (person) => whoDecided(context, person),
    listDecided: () => readDecided(context),
    listSchedules: () => listSchedules(context),
    listApprovals: (query) => listApprovals(context, query),
    castVote: (caller, request) => castVote(context, caller, request),
    readSettings: () => readSettings(context),
    changeSettings: (caller, request) => changeSettings(context, caller, request),
    rollContract: (caller, request) => rollContract(context, caller, request),
    claimCoins: (caller, request) => claimCoins(context, caller, request),
    toggleStrategy: (caller, request) => toggleStrategy(context, caller, request),
    explainCash: (caller, request) => explainCash(context, caller, request),
    takeCorporateAction: (caller, request) => takeCorporateAction(context, caller, request),
    sayNoSplit: (caller, request) => sayNoSplit(context, caller, request),
    sendSignal: (caller, signal) => sendSignal(context, caller, signal),
    withdrawSignal: (caller, request) => withdrawSignal(context, caller, request),
    listSignals: () => listSignals(context),
    takeBackup: (caller, request) => takeBackup(context, caller, request),
    drillRestore: (caller, request) => drillRestore(context, caller, request),
    deployBuild: (caller, request) => deployBuild(context, caller, request),
    listTasks: (query) => listTasks(context, query),
    completeTask: (caller, request) => completeTask(context, caller, request),
    openIncident: (caller, request) => openIncident(context, caller, request),
    acknowledgeIncident: (caller, request) => acknowledgeIncident(context, caller, request),
    resolveIncident: (caller, request) => resolveIncident(context, caller, request),
    listIncidents: (query) => listIncidents(context, query),
    ownKinds: () => ownKinds(context),
    readIncident: (incident) => readIncident(context, incident),
    statementToSign: (decided) => statementToSign(context, decided),
    testAlert: (caller, channel) => testAlert(context, caller, channel),
    changeSize: (caller, request) => changeSize(context, caller, request),
    findDataGaps: (request) => findDataGaps(context, request),
    showResults: (request) => showResults(context, request),
    showKpis: () => showKpis(context),
    listSetups: (query) => listSetups(context, query),
    countSetups: () => countSetups(context.pool, context.desk.desk),
    readErrors: (query) => readErrors(context, query),
    readSetup: (id) => readSetup(context, id),
    readTradingJournal: (days) => readTradingJournal(context.pool, context.desk.desk, days),
    noteInJournal: (caller, request) => noteInJournal(context, caller, request),
    readChart: (request) => readChart(context, request),
    listValidations: () => listValidations(context),
    listStoredPeriods: () => listStoredPeriods(context),
    askForValidation: (caller, request) => askForValidation(context, caller, request),
    preflight: () => askPreflight(context),
    startGoLive: (caller, request) => startGoLive(context, caller, request),
    readGoLive: () => readGoLive(context),
    revokeGoLive: (caller, request) => revokeGoLive(context, caller, request),
    verifyEvidence: () => verifyEvidence(context.pool, context.desk.desk),
    readStepOutput: (id) => readStepOutput(context.pool, context.desk.desk, id),
    exportRecords: (caller, request) => exportRecords(context, caller, request),
    close: async () => {
      context.trader.close();
      await Promise.allSettled([context.temporal.close(), context.pool.end()]);
    },
  });
}

/**
 * Text that can't be audited is refused, whoever sends it and however. A stop is carried out all the same,
 * with its text made plain.
 */
export class UnfitText extends Error {
  override readonly name = 'UnfitText';
  readonly keptSafe = 'nothing was changed';
  readonly doThis = 'write it again in plain text; a stop is taken as it is';
}

function withPlainRequests(operations: Operations): Operations {
  const plain: Partial<Operations> = {
    stopTrading: (caller, request, sent) => operations.stopTrading(caller, withPlainText(request), sent),
    closeAllPositions: (caller, request, sent) =>
      operations.closeAllPositions(caller, withPlainText(request), sent),
    closePosition: (caller, request) => operations.closePosition(caller, withPlainText(request)),
    cancelEntry: (caller, request) => operations.cancelEntry(caller, withPlainText(request)),
    withdrawSignal: (caller, request) => operations.withdrawSignal(caller, withPlainText(request)),
    revokeGoLive: (caller, request) => operations.revokeGoLive(caller, withPlainText(request)),
  };
  return new Proxy(operations, {
    get: (target, name, receiver) => {
      const use: unknown = Reflect.get(plain, name) ?? Reflect.get(target, name, receiver);
      if (typeof use !== 'function' || name in plain) return use;
      return (...given: unknown[]): unknown => {
        const [problem] = given.flatMap((one) => unfitText(one) ?? []);
        return problem === undefined
          ? Reflect.apply(use, target, given)
          : Promise.reject(new UnfitText(problem));
      };
    },
  });
}
