import type { Incident } from '../contracts/incident.js';
import type { PreflightReport } from '../contracts/preflight.js';
import type {
  ApprovalShown,
  IncidentShown,
  JournalDay,
  SetupDetails,
  SetupShown,
  ValidationShown,
} from '../contracts/published.js';
import type { Task } from '../contracts/task.js';
import type { SignalsStatus, TraderStatus } from '../contracts/trader-status.js';
import type { SignalBody } from '../desk/signal-schema.js';
import type { Channel } from '../home/channel-health.js';
import type { StatementToSign } from '../signing/vote-statement.js';
import type { EvidenceProof } from '../store/evidence.js';
import type { StepOutput } from '../store/step-outputs.js';
import type { StoredPeriod } from '../validation/data/stored-minutes.js';
import type { CashExplanation, CoinsRequest } from './account-corrections.js';
import type { VoteRequest, VoteResult } from './approvals.js';
import type { BackupOperationResult, DrillRequest, TakeBackupRequest } from './backups.js';
import type { SizeRequest } from './change-size.js';
import type { EntryRequest, PositionRequest } from './close-one.js';
import type { CorporateActionRequest, NoSplitRequest } from './corporate-action.js';
import type { DeployRequest } from './deploy-build.js';
import type { ExportRequest } from './export-records.js';
import type { DataGaps } from './find-data-gaps.js';
import type { GoLiveShown } from './go-live/read-go-live.js';
import type { GoLiveRequest, GoLiveStarted } from './go-live/start-go-live.js';
import type { IncidentAnswerRequest, IncidentAnswerResult } from './incidents/answer-incident.js';
import type {
  IncidentOpened,
  IncidentQuery,
  OpenIncidentRequest,
  OwnKindShown,
} from './incidents/open-incident.js';
import type { Caller, CommandRequest, EmergencyRequest, OperationResult } from './operation.js';
import type { ErrorsShown } from './read-errors.js';
import type { SetupQuery } from './results/list-setups.js';
import type { ChartRequest, ChartShown } from './results/read-chart.js';
import type { KpisShown } from './results/read-kpis.js';
import type { ResultsRequest, ResultsShown } from './results/read-results.js';
import type { ResumeRequest } from './resume-trading.js';
import type { RoutineOutcome, RoutineRequest, ScheduledRun } from './run-routine.js';
import type { SettingsResult } from './settings/ask-for-approval.js';
import type { SettingsRequest } from './settings/change-settings.js';
import type { SettingsShown } from './settings/read-settings.js';
import type { RollRequest } from './settings/roll-contract.js';
import type { ToDecide } from './sign-as.js';
import type { WithdrawalRequest } from './signals.js';
import type { SentCommand } from './stop-trading.js';
import type { TaskDone, TaskDoneResult, TaskQuery } from './tasks.js';
import type { AlertTested } from './test-alert.js';
import type { ToggleRequest } from './toggle-strategy.js';
import type { Noted, NoteRequest } from './trading-journal.js';
import type { ValidationWish } from './validations.js';

export interface Operations {
  stopTrading(caller: Caller, request: EmergencyRequest, sent?: SentCommand): Promise<OperationResult>;
  closeAllPositions(caller: Caller, request: EmergencyRequest, sent?: SentCommand): Promise<OperationResult>;
  closePosition(caller: Caller, request: PositionRequest): Promise<OperationResult>;
  cancelEntry(caller: Caller, request: EntryRequest): Promise<OperationResult>;
  resumeTrading(caller: Caller, request: ResumeRequest): Promise<OperationResult>;
  runRoutine(caller: Caller, request: RoutineRequest): Promise<RoutineOutcome>;
  /** Rejects with `TraderUnavailable`. */
  readStatus(): Promise<TraderStatus>;
  listSchedules(): Promise<readonly ScheduledRun[]>;
  listApprovals(): Promise<readonly ApprovalShown[]>;
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
  /** Null if a vote on this takes no personal signature. */
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
  listValidations(): Promise<readonly ValidationShown[]>;
  listStoredPeriods(): Promise<readonly StoredPeriod[]>;
  askForValidation(caller: Caller, request: ValidationWish): Promise<OperationResult>;
  /** Asks the operations worker, which asks the exchange; takes seconds. */
  preflight(): Promise<PreflightReport>;
  /** Runs the pre-flight first; then people are asked. */
  startGoLive(caller: Caller, request: GoLiveRequest): Promise<GoLiveStarted>;
  readGoLive(): Promise<GoLiveShown>;
  revokeGoLive(caller: Caller, request: CommandRequest): Promise<OperationResult>;
  close(): Promise<void>;
}
