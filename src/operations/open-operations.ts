/** Everything that a person can ask of the desk, for the web server, the command line and the chat alike. */

import { randomUUID } from 'node:crypto';
import type { Incident } from '../contracts/incident.js';
import type { PreflightReport } from '../contracts/preflight.js';
import type { Task } from '../contracts/task.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import { loadDesk } from '../desk/load.js';
import type { StatementToSign } from '../domain/vote-statement.js';
import { deskPaths, homePaths, type Runtime } from '../home/runtime.js';
import { readSecret } from '../home/secrets.js';
import { type EvidenceProof, verifyEvidence } from '../store/evidence/verify-evidence.js';
import { openPool } from '../store/pool.js';
import { openTemporal } from '../temporal/open-temporal.js';
import { connectTrader, type TraderClient } from '../trader/client.js';
import { castVote, type VoteRequest, type VoteResult } from './approvals/cast-vote.js';
import { type ApprovalShown, listApprovals } from './approvals/list-approvals.js';
import type { BackupOperationResult } from './backup/backup-run.js';
import { type DrillRequest, drillRestore } from './backup/drill-restore.js';
import { type TakeBackupRequest, takeBackup } from './backup/take-backup.js';
import { type CashExplanation, explainCash } from './cash/explain-cash.js';
import { changeSize, type SizeRequest } from './change-size.js';
import { type CoinsRequest, claimCoins } from './claim-coins.js';
import { closeAllPositions } from './close-all-positions.js';
import { type DataGaps, findDataGaps } from './find-data-gaps.js';
import { askPreflight } from './go-live/ask-preflight.js';
import { type GoLiveShown, readGoLive } from './go-live/read-go-live.js';
import { revokeGoLive } from './go-live/revoke-go-live.js';
import { type GoLiveRequest, type GoLiveStarted, startGoLive } from './go-live/start-go-live.js';
import {
  acknowledgeIncident,
  type IncidentAnswerRequest,
  type IncidentAnswerResult,
  resolveIncident,
} from './incidents/answer-incident.js';
import {
  type IncidentQuery,
  type IncidentShown,
  listIncidents,
  readIncident,
} from './incidents/list-incidents.js';
import { type IncidentOpened, type OpenIncidentRequest, openIncident } from './incidents/open-incident.js';
import { listSchedules, type ScheduledRun } from './list-schedules.js';
import type {
  Caller,
  CommandRequest,
  EmergencyRequest,
  OperationContext,
  OperationResult,
} from './operation.js';
import { withPlainRequests } from './plain-requests.js';
import { readStatus } from './read-status.js';
import { type ResumeRequest, resumeTrading } from './resume-trading.js';
import { type RoutineOutcome, runRoutine } from './run-routine.js';
import { changeSettings, type SettingsRequest, type SettingsResult } from './settings/change-settings.js';
import { readSettings, type SettingsShown } from './settings/read-settings.js';
import { statementToSign, type ToDecide } from './statement-to-sign.js';
import { stopTrading } from './stop-trading.js';
import { type ToggleRequest, toggleStrategy } from './strategies/toggle-strategy.js';
import { completeTask, type TaskDone, type TaskDoneResult } from './tasks/complete-task.js';
import { listTasks, type TaskQuery } from './tasks/list-tasks.js';
import { type AlertTested, testTelegram } from './test-telegram.js';
import { listValidations, type ValidationShown } from './validations/list-validations.js';

export interface Operations {
  stopTrading(caller: Caller, request: EmergencyRequest): Promise<OperationResult>;
  closeAllPositions(caller: Caller, request: EmergencyRequest): Promise<OperationResult>;
  resumeTrading(caller: Caller, request: ResumeRequest): Promise<OperationResult>;
  runRoutine(caller: Caller, request: { readonly name: string }): Promise<RoutineOutcome>;
  /** Rejects with `TraderUnavailable`. */
  readStatus(): Promise<TraderStatus>;
  listSchedules(): Promise<readonly ScheduledRun[]>;
  listApprovals(): Promise<readonly ApprovalShown[]>;
  castVote(caller: Caller, request: VoteRequest): Promise<VoteResult>;
  /** Rejects with `TraderUnavailable`. */
  readSettings(): Promise<SettingsShown>;
  changeSettings(caller: Caller, request: SettingsRequest): Promise<SettingsResult>;
  claimCoins(caller: Caller, request: CoinsRequest): Promise<OperationResult>;
  toggleStrategy(caller: Caller, request: ToggleRequest): Promise<OperationResult>;
  explainCash(caller: Caller, request: CashExplanation): Promise<OperationResult>;
  takeBackup(caller: Caller, request: TakeBackupRequest): Promise<BackupOperationResult>;
  drillRestore(caller: Caller, request: DrillRequest): Promise<BackupOperationResult>;
  listTasks(query?: TaskQuery): Promise<readonly Task[]>;
  completeTask(caller: Caller, request: TaskDone): Promise<TaskDoneResult>;
  openIncident(caller: Caller, request: OpenIncidentRequest): Promise<IncidentOpened>;
  acknowledgeIncident(caller: Caller, request: IncidentAnswerRequest): Promise<IncidentAnswerResult>;
  resolveIncident(caller: Caller, request: IncidentAnswerRequest): Promise<IncidentAnswerResult>;
  listIncidents(query?: IncidentQuery): Promise<readonly Incident[]>;
  readIncident(incident: string): Promise<IncidentShown | null>;
  /** Null where a vote on this takes no signature of the person's own. */
  statementToSign(decided: ToDecide): Promise<StatementToSign | null>;
  /** Takes up to 20 s. */
  testTelegram(caller: Caller): Promise<AlertTested>;
  changeSize(caller: Caller, request: SizeRequest): Promise<OperationResult>;
  findDataGaps(request: { readonly hours: number }): Promise<DataGaps>;
  verifyEvidence(): Promise<EvidenceProof>;
  listValidations(): Promise<readonly ValidationShown[]>;
  /** Asks the operations worker, and that the exchange; takes seconds. */
  preflight(): Promise<PreflightReport>;
  /** Pre-flight first; then people are asked. */
  startGoLive(caller: Caller, request: GoLiveRequest): Promise<GoLiveStarted>;
  readGoLive(): Promise<GoLiveShown>;
  revokeGoLive(caller: Caller, request: CommandRequest): Promise<OperationResult>;
  close(): Promise<void>;
}

/**
 * Connects to nothing yet: each part is reached when it is needed, and may be down. `trader` is for a caller that has
 * a line to the trader already, `chatKey` for the bot: what it takes as a vote carries its code.
 */
export async function openOperations(
  runtime: Runtime,
  trader: TraderClient = connectTrader(deskPaths(homePaths(runtime.home), runtime.desk).controlSocket),
  chatKey?: () => string,
): Promise<Operations> {
  return operationsOver({
    runtime,
    desk: loadDesk(runtime.deskFile).desk,
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
    stopTrading: (caller, request) => stopTrading(context, caller, request),
    closeAllPositions: (caller, request) => closeAllPositions(context, caller, request),
    resumeTrading: (caller, request) => resumeTrading(context, caller, request),
    runRoutine: (caller, request) => runRoutine(context, caller, request),
    readStatus: () => readStatus(context),
    listSchedules: () => listSchedules(context),
    listApprovals: () => listApprovals(context),
    castVote: (caller, request) => castVote(context, caller, request),
    readSettings: () => readSettings(context),
    changeSettings: (caller, request) => changeSettings(context, caller, request),
    claimCoins: (caller, request) => claimCoins(context, caller, request),
    toggleStrategy: (caller, request) => toggleStrategy(context, caller, request),
    explainCash: (caller, request) => explainCash(context, caller, request),
    takeBackup: (caller, request) => takeBackup(context, caller, request),
    drillRestore: (caller, request) => drillRestore(context, caller, request),
    listTasks: (query) => listTasks(context, query),
    completeTask: (caller, request) => completeTask(context, caller, request),
    openIncident: (caller, request) => openIncident(context, caller, request),
    acknowledgeIncident: (caller, request) => acknowledgeIncident(context, caller, request),
    resolveIncident: (caller, request) => resolveIncident(context, caller, request),
    listIncidents: (query) => listIncidents(context, query),
    readIncident: (incident) => readIncident(context, incident),
    statementToSign: (decided) => statementToSign(context, decided),
    testTelegram: (caller) => testTelegram(context, caller),
    changeSize: (caller, request) => changeSize(context, caller, request),
    findDataGaps: (request) => findDataGaps(context, request),
    listValidations: () => listValidations(context),
    preflight: () => askPreflight(context),
    startGoLive: (caller, request) => startGoLive(context, caller, request),
    readGoLive: () => readGoLive(context),
    revokeGoLive: (caller, request) => revokeGoLive(context, caller, request),
    verifyEvidence: () => verifyEvidence(context.pool, context.desk.desk),
    close: async () => {
      context.trader.close();
      await Promise.allSettled([context.temporal.close(), context.pool.end()]);
    },
  });
}
