/** Everything that a person can ask of the desk, for the web server, the command line and the chat. */
import { randomUUID } from 'node:crypto';
import { deskPaths, homePaths, type Runtime } from '../home/runtime.js';
import { readSecret } from '../home/secrets.js';
import { verifyEvidence } from '../store/evidence.js';
import { countSetups } from '../store/noted-setups.js';
import { openPool } from '../store/pool.js';
import { readStepOutput } from '../store/step-outputs.js';
import { readTradingJournal } from '../store/trading-journal.js';
import { openTemporal } from '../temporal/open-temporal.js';
import { connectTrader, type TraderClient } from '../trader/client.js';
import { readWords } from '../trader/read-status.js';
import { type KnownParts, loadDesk, readPlaybooks } from '../venue/load-desk.js';
import { claimCoins, explainCash } from './account-corrections.js';
import { castVote, listApprovals } from './approvals.js';
import { drillRestore, takeBackup } from './backups.js';
import { changeSize } from './change-size.js';
import { cancelEntry, closePosition } from './close-one.js';
import { sayNoSplit, takeCorporateAction } from './corporate-action.js';
import { deployBuild } from './deploy-build.js';
import { exportRecords } from './export-records.js';
import { findDataGaps } from './find-data-gaps.js';
import { askPreflight } from './go-live/ask-preflight.js';
import { readGoLive, revokeGoLive } from './go-live/read-go-live.js';
import { startGoLive } from './go-live/start-go-live.js';
import { acknowledgeIncident, resolveIncident } from './incidents/answer-incident.js';
import { listIncidents, openIncident, ownKinds, readIncident } from './incidents/open-incident.js';
import type { OperationContext } from './operation.js';
import type { Operations } from './operations.js';
import { withPlainRequests } from './plain-requests.js';
import { readErrors } from './read-errors.js';
import { listSetups, readSetup } from './results/list-setups.js';
import { readChart } from './results/read-chart.js';
import { showKpis } from './results/read-kpis.js';
import { showResults } from './results/read-results.js';
import { resumeTrading } from './resume-trading.js';
import { listSchedules, runRoutine } from './run-routine.js';
import { changeSettings } from './settings/change-settings.js';
import { readSettings } from './settings/read-settings.js';
import { rollContract } from './settings/roll-contract.js';
import { statementToSign } from './sign-as.js';
import { listSignals, sendSignal, withdrawSignal } from './signals.js';
import { closeAllPositions, stopTrading } from './stop-trading.js';
import { completeTask, listTasks } from './tasks.js';
import { testAlert } from './test-alert.js';
import { toggleStrategy } from './toggle-strategy.js';
import { noteInJournal } from './trading-journal.js';
import { askForValidation, listStoredPeriods, listValidations } from './validations.js';

/**
 * Connects to nothing yet: each part is reached when it is needed, and may be down. `trader`: for a caller that already
 * has a connection to the trader. `chatKey`: for the bot, whose votes carry a code made with it. `known`: `{}` for a
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
    listSchedules: () => listSchedules(context),
    listApprovals: () => listApprovals(context),
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
