/** The calls that the page makes. */

import type {
  AlertChannel,
  AlertTested,
  Analytics,
  ApprovalShown,
  AuditPage,
  AuditQuery,
  BackupRun,
  BarsAnswer,
  CoinsStatus,
  DeskShown,
  EquityAnswer,
  ErrorsShown,
  GoLiveShown,
  IncidentList,
  IncidentShown,
  JournalDay,
  KpisShown,
  OperationResult,
  Passkey,
  PreflightReport,
  Results,
  ResultsQuery,
  ResumeDecided,
  RoutinesAnswer,
  ScheduledRun,
  SettingsResult,
  SettingsShown,
  SettingValues,
  SetupDetails,
  SetupList,
  Signing,
  StoredPeriod,
  StrategyShown,
  Task,
  Trade,
  TradesAnswer,
  Validations,
} from '../api/shapes.js';
import { codeOf, makePasskey } from './passkeys.js';
import { answerOf } from './problem.js';
import type { Client, Session } from './session.js';
import { type CoinsSaid, signingQuery, type ToSign } from './to-sign.js';

export type Button = 'stop' | 'close-all' | 'resume';

/** The records that the API exports as CSV. */
export type Recorded = 'trades' | 'orders' | 'equity' | 'audit';

/** One run in Temporal's UI; `runId` if several runs share the workflow id. */
export interface RunAsked {
  readonly workflowId?: string;
  readonly runId?: string;
}

/** What was done, in the server's words. */
interface Said {
  readonly detail: string;
}

interface SaidWithProblems extends Said {
  readonly problems: readonly string[];
}

/** What is sent with a button; the reason with each, `kill` with a close-all, the rest with a resume. */
export interface Asked {
  readonly reason: string;
  /** The position size to go on with, percent of the full size. */
  readonly sizePct?: number;
  /** The halt that the person was shown: no other one is lifted. */
  readonly haltId?: string;
  readonly signature?: string;
  /** Two people must resume. */
  readonly kill?: boolean;
}

export class DeskApi {
  readonly #client: Client;

  constructor({ client }: Session) {
    this.#client = client;
  }

  press(button: Button, { reason, signature, kill, ...resuming }: Asked): Promise<OperationResult> {
    const params = { header: { 'idempotency-key': crypto.randomUUID() } };
    const said = reason === '' ? {} : { reason };
    if (button === 'stop') return answerOf(this.#client.POST('/api/emergency/stop', { params, body: said }));
    if (button === 'close-all') {
      const body = { ...said, ...(kill === true ? { kill } : {}) };
      return answerOf(this.#client.POST('/api/emergency/close-all', { params, body }));
    }
    const body = { ...said, ...resuming, ...signedBy(signature) };
    return answerOf(this.#client.POST('/api/emergency/resume', { params, body }));
  }

  closePosition(symbol: string, reason: string): Promise<OperationResult> {
    const body = { symbol, ...(reason === '' ? {} : { reason }) };
    return answerOf(this.#client.POST('/api/positions/close', { body }));
  }

  /** `order`: its client order id. */
  cancelEntry(order: string): Promise<OperationResult> {
    return answerOf(this.#client.POST('/api/orders/cancel', { body: { order } }));
  }

  /** `signature`: for a larger size with real money. */
  changeSize(sizePct: number, reason: string, signature?: string): Promise<OperationResult> {
    const body = { sizePct, ...(reason === '' ? {} : { reason }), ...signedBy(signature) };
    return answerOf(this.#client.POST('/api/size', { body }));
  }

  runRoutine(name: string): Promise<OperationResult> {
    return answerOf(this.#client.POST('/api/routines/{name}/run', { params: { path: { name } } }));
  }

  /** Takes a backup and verifies it. */
  takeBackup(): Promise<OperationResult> {
    return answerOf(this.#client.POST('/api/backups', { body: {} }));
  }

  /** `stored`: a period's name; null: on the desk's current prices. */
  startValidation(hours: number, stored: string | null): Promise<OperationResult> {
    const body = stored === null ? { hours } : { hours, stored };
    return answerOf(this.#client.POST('/api/validations', { body }));
  }

  async storedPeriods(): Promise<readonly StoredPeriod[]> {
    return (await answerOf(this.#client.GET('/api/data'))).periods;
  }

  /** `before`: cursor of a page; without it the newest page. */
  trades(before?: string): Promise<TradesAnswer> {
    const query = { limit: 100, ...(before === undefined ? {} : { before }) };
    return answerOf(this.#client.GET('/api/trades', { params: { query } }));
  }

  /** The newest trades of one symbol, to be marked in its chart. */
  async tradesOf(symbol: string): Promise<readonly Trade[]> {
    const query = { limit: 200, symbol };
    return (await answerOf(this.#client.GET('/api/trades', { params: { query } }))).trades;
  }

  equity(): Promise<EquityAnswer> {
    return answerOf(this.#client.GET('/api/equity', { params: { query: { points: 600 } } }));
  }

  /** `symbol`, `strategy`: empty for all. */
  results({ symbol, strategy, ...of }: ResultsQuery): Promise<Results> {
    const query = { ...of, ...(symbol ? { symbol } : {}), ...(strategy ? { strategy } : {}) };
    return answerOf(this.#client.GET('/api/results', { params: { query } }));
  }

  kpis(): Promise<KpisShown> {
    return answerOf(this.#client.GET('/api/kpis'));
  }

  /** Errors in the logs of all processes during the last `hours` hours. */
  errors(hours: number): Promise<ErrorsShown> {
    return answerOf(this.#client.GET('/api/errors', { params: { query: { hours } } }));
  }

  setups(): Promise<SetupList> {
    return answerOf(this.#client.GET('/api/setups'));
  }

  setup(id: string): Promise<SetupDetails> {
    return answerOf(this.#client.GET('/api/setups/{id}', { params: { path: { id } } }));
  }

  async journal(days: number): Promise<readonly JournalDay[]> {
    return (await answerOf(this.#client.GET('/api/journal', { params: { query: { days } } }))).days;
  }

  noteInJournal(text: string): Promise<{ readonly date: string }> {
    return answerOf(this.#client.POST('/api/journal/notes', { body: { text } }));
  }

  /** All desks of this installation, including this one. */
  async desks(): Promise<readonly DeskShown[]> {
    return (await answerOf(this.#client.GET('/api/desks'))).desks;
  }

  /** What the paper twins of this desk have done since it halted. */
  async twins(): Promise<readonly string[]> {
    return (await answerOf(this.#client.GET('/api/twins'))).twins;
  }

  /** Who has decided to resume, where that waits for another person. */
  async decided(): Promise<readonly ResumeDecided[]> {
    return (await answerOf(this.#client.GET('/api/emergency/decided'))).decided;
  }

  bars(symbol: string): Promise<BarsAnswer> {
    return answerOf(this.#client.GET('/api/bars', { params: { query: { symbol, limit: 1000 } } }));
  }

  routines(limit: number): Promise<RoutinesAnswer> {
    return answerOf(this.#client.GET('/api/routines', { params: { query: { limit } } }));
  }

  async backups(limit: number): Promise<readonly BackupRun[]> {
    return (await answerOf(this.#client.GET('/api/backups', { params: { query: { limit } } }))).runs;
  }

  async schedules(): Promise<readonly ScheduledRun[]> {
    return (await answerOf(this.#client.GET('/api/schedules'))).schedules;
  }

  strategies(): Promise<{ readonly strategies: readonly StrategyShown[] }> {
    return answerOf(this.#client.GET('/api/strategies'));
  }

  toggle(name: string, enabled: boolean, reason: string): Promise<Said> {
    const body = { enabled, reason };
    return answerOf(this.#client.POST('/api/strategies/{name}/toggle', { params: { path: { name } }, body }));
  }

  analytics(days: number): Promise<Analytics> {
    return answerOf(this.#client.GET('/api/analytics', { params: { query: { days } } }));
  }

  settings(): Promise<SettingsShown> {
    return answerOf(this.#client.GET('/api/settings'));
  }

  changeSettings(values: SettingValues, reason: string): Promise<SettingsResult> {
    return answerOf(this.#client.PUT('/api/settings', { body: { values, reason } }));
  }

  roll(symbol: string, to: string, reason: string): Promise<SettingsResult> {
    return answerOf(this.#client.POST('/api/roll', { body: { symbol, to, reason } }));
  }

  approvals(): Promise<{ readonly approvals: readonly ApprovalShown[] }> {
    return answerOf(this.#client.GET('/api/approvals'));
  }

  /**
   * The statement that the person's own key must sign. `about`: an approval's id, coins, another size, or the
   * size to resume with.
   */
  signing(about: ToSign): Promise<Signing> {
    return answerOf(this.#client.GET('/api/signing', { params: { query: signingQuery(about) } }));
  }

  async coins(): Promise<readonly CoinsStatus[]> {
    return (await answerOf(this.#client.GET('/api/status'))).coins;
  }

  /** `cost`: of one coin, if they are the desk's; `nobodys`: how many are shown. */
  claimCoins(
    { cost, ...said }: CoinsSaid,
    nobodys: string,
    reason: string,
    signature?: string,
  ): Promise<Said> {
    const body = { ...said, nobodys, reason, ...(cost === null ? {} : { cost }), ...signedBy(signature) };
    return answerOf(this.#client.POST('/api/coins', { body }));
  }

  vote(
    { id, parametersHash }: ApprovalShown,
    choice: 'approve' | 'reject',
    reason: string,
    signature?: string,
  ): Promise<Said> {
    const body = { choice, parametersHash, reason, ...signedBy(signature) };
    return answerOf(this.#client.POST('/api/approvals/{id}/vote', { params: { path: { id } }, body }));
  }

  testAlert(channel: AlertChannel): Promise<AlertTested> {
    return answerOf(this.#client.POST('/api/notify/test', { body: { channel } }));
  }

  tasks(): Promise<{ readonly tasks: readonly Task[] }> {
    return answerOf(this.#client.GET('/api/tasks'));
  }

  taskDone(id: number, note: string, ticked: number[]): Promise<{ readonly problems: readonly string[] }> {
    const params = { path: { id: String(id) } };
    return answerOf(this.#client.POST('/api/tasks/{id}/done', { params, body: { note, ticked } }));
  }

  /** How many items wait for people. */
  async waiting(): Promise<{ readonly people: number; readonly incidents: number }> {
    const [{ approvals }, { tasks }, { incidents }] = await Promise.all([
      this.approvals(),
      this.tasks(),
      this.incidents(),
    ]);
    return {
      people: [...approvals, ...tasks].filter(({ state }) => state === 'open').length,
      incidents: incidents.filter(({ state }) => state !== 'resolved').length,
    };
  }

  incidents(): Promise<IncidentList> {
    return answerOf(this.#client.GET('/api/incidents'));
  }

  incident(id: string): Promise<IncidentShown> {
    return answerOf(this.#client.GET('/api/incidents/{id}', { params: { path: { id } } }));
  }

  answerIncident(id: string, choice: 'acknowledge' | 'resolve', note: string): Promise<Said> {
    const path = `/api/incidents/{id}/${choice}` as const;
    return answerOf(this.#client.POST(path, { params: { path: { id } }, body: { note } }));
  }

  /** `kind`: one of the desk's own; empty for none. */
  reportIncident(title: string, kind: string): Promise<Said & { readonly incident: string | null }> {
    return answerOf(this.#client.POST('/api/incidents', { body: kind === '' ? { title } : { title, kind } }));
  }

  goLive(): Promise<GoLiveShown> {
    return answerOf(this.#client.GET('/api/golive'));
  }

  startGoLive(reason: string): Promise<SaidWithProblems> {
    return answerOf(this.#client.POST('/api/golive', { body: { reason } }));
  }

  revokeGoLive(reason: string): Promise<SaidWithProblems> {
    return answerOf(this.#client.POST('/api/golive/revoke', { body: { reason } }));
  }

  preflight(): Promise<PreflightReport> {
    return answerOf(this.#client.GET('/api/preflight'));
  }

  validations(): Promise<Validations> {
    return answerOf(this.#client.GET('/api/validations'));
  }

  audit(query: AuditQuery): Promise<AuditPage> {
    return answerOf(this.#client.GET('/api/audit', { params: { query } }));
  }

  csv(what: Recorded): Promise<Blob> {
    return answerOf(this.#client.GET(`/api/export/${what}.csv`, { parseAs: 'blob' }));
  }

  auditCsv(query: Pick<AuditQuery, 'person' | 'action' | 'via' | 'from' | 'to'>): Promise<Blob> {
    return answerOf(this.#client.GET('/api/export/audit.csv', { params: { query }, parseAs: 'blob' }));
  }

  async passkeys(): Promise<readonly Passkey[]> {
    return (await answerOf(this.#client.GET('/api/passkeys'))).passkeys;
  }

  /**
   * Has this device make a passkey and registers it. `password`: that of the signed-in person, again. `code`: to
   * enrol the passkey for votes on the command line.
   */
  async addPasskey(name: string, password: string): Promise<Passkey & { readonly code: string }> {
    const asked = await answerOf(this.#client.POST('/api/passkeys/challenge', { body: { password } }));
    const body = await makePasskey(asked, name);
    const made = await answerOf(this.#client.POST('/api/passkeys', { body }));
    return { ...made, code: codeOf(body, asked.rpId) };
  }

  async removePasskey(id: string): Promise<void> {
    await answerOf(this.#client.DELETE('/api/passkeys/{id}', { params: { path: { id } } }));
  }

  /** `workflowId`: leads straight to that run. */
  async temporalUiAddress(asked: RunAsked = {}): Promise<string> {
    return (await answerOf(this.#client.POST('/api/temporal-ui/ticket', { body: asked }))).url;
  }
}

const signedBy = (signature: string | undefined): { readonly signature?: string } =>
  signature === undefined ? {} : { signature };
