/** The calls that the page makes, with their shapes. */
import type { EquityPoint } from '../../../src/api/live/equity-history.js';
import type { AuditPage } from '../../../src/api/read/read-audit.js';
import type { StrategyShown } from '../../../src/api/routes/strategies.js';
import type { Analytics } from '../../../src/api/schemas/analytics.js';
import type { BackupRun, RoutineRun, Trade } from '../../../src/api/schemas/records.js';
import type { Incident } from '../../../src/contracts/incident.js';
import type { PreflightReport } from '../../../src/contracts/preflight.js';
import type { Task } from '../../../src/contracts/task.js';
import type { BarStatus, CoinsStatus } from '../../../src/contracts/trader-status.js';
import type { VoteResult } from '../../../src/operations/approvals/cast-vote.js';
import type { ApprovalShown } from '../../../src/operations/approvals/list-approvals.js';
import type { GoLiveShown } from '../../../src/operations/go-live/read-go-live.js';
import type { GoLiveStarted } from '../../../src/operations/go-live/start-go-live.js';
import type { IncidentShown } from '../../../src/operations/incidents/list-incidents.js';
import type { ScheduledRun } from '../../../src/operations/list-schedules.js';
import type { ValidationShown } from '../../../src/operations/list-validations.js';
import type { OperationResult } from '../../../src/operations/operation.js';
import type { SettingsResult } from '../../../src/operations/settings/ask-for-approval.js';
import type { SettingsShown } from '../../../src/operations/settings/read-settings.js';
import type { Session } from './session.js';
import type { Signing } from './sign-vote.js';
import { type CoinsSaid, signingQuery, type ToSign } from './to-sign.js';

export type {
  Analytics,
  ApprovalShown,
  AuditPage,
  BackupRun,
  BarStatus,
  EquityPoint,
  GoLiveShown,
  Incident,
  IncidentShown,
  OperationResult,
  PreflightReport,
  RoutineRun,
  ScheduledRun,
  SettingsResult,
  SettingsShown,
  StrategyShown,
  Task,
  Trade,
  ValidationShown,
};

export interface TradesAnswer {
  readonly trades: readonly Trade[];
  readonly total: number;
  readonly nextCursor: string | null;
}

export interface EquityAnswer {
  readonly source: 'ledger' | 'memory';
  readonly points: readonly EquityPoint[];
}

export interface BarsAnswer {
  readonly symbol: string;
  readonly spanMs: number;
  readonly bars: readonly BarStatus[];
}

export type Button = 'stop' | 'close-all' | 'resume';

/** One run in Temporal's UI; `runId` where several have that name. */
export interface RunAsked {
  readonly workflowId?: string;
  readonly runId?: string;
}

export class DeskApi {
  constructor(private readonly session: Session) {}

  /** `sizePct`: to resume with. */
  press(button: Button, reason: string, sizePct?: number, signature?: string): Promise<OperationResult> {
    const body = {
      ...(reason === '' ? {} : { reason }),
      ...(sizePct === undefined ? {} : { sizePct }),
      ...(signature === undefined ? {} : { signature }),
    };
    return this.session.request('POST', `/api/emergency/${button}`, body, crypto.randomUUID());
  }

  /** `before`: a page's cursor; without it the newest. */
  trades(before?: string): Promise<TradesAnswer> {
    const older = before === undefined ? '' : `&before=${encodeURIComponent(before)}`;
    return this.session.request('GET', `/api/trades?limit=100${older}`);
  }

  equity(): Promise<EquityAnswer> {
    return this.session.request('GET', '/api/equity?points=600');
  }

  bars(symbol: string): Promise<BarsAnswer> {
    return this.session.request('GET', `/api/bars?symbol=${encodeURIComponent(symbol)}`);
  }

  async routines(limit: number): Promise<readonly RoutineRun[]> {
    const { runs } = await this.session.request<{ runs: readonly RoutineRun[] }>(
      'GET',
      `/api/routines?limit=${limit}`,
    );
    return runs;
  }

  async backups(limit: number): Promise<readonly BackupRun[]> {
    const { runs } = await this.session.request<{ runs: readonly BackupRun[] }>(
      'GET',
      `/api/backups?limit=${limit}`,
    );
    return runs;
  }

  async schedules(): Promise<readonly ScheduledRun[]> {
    const answer = await this.session.request<{ schedules: readonly ScheduledRun[] }>(
      'GET',
      '/api/schedules',
    );
    return answer.schedules;
  }

  strategies(): Promise<{ readonly strategies: readonly StrategyShown[] }> {
    return this.session.request('GET', '/api/strategies');
  }

  toggle(strategy: string, enabled: boolean, reason: string): Promise<OperationResult> {
    return this.session.request('POST', `/api/strategies/${strategy}/toggle`, { enabled, reason });
  }

  analytics(days: number): Promise<Analytics> {
    return this.session.request('GET', `/api/analytics?days=${days}`);
  }

  settings(): Promise<SettingsShown> {
    return this.session.request('GET', '/api/settings');
  }

  changeSettings(values: Readonly<Record<string, number>>, reason: string): Promise<SettingsResult> {
    return this.session.request('PUT', '/api/settings', { values, reason });
  }

  approvals(): Promise<{ readonly approvals: readonly ApprovalShown[] }> {
    return this.session.request('GET', '/api/approvals');
  }

  /** What the person's own key has to sign; `about`: an approval's id, coins, or the size to resume with. */
  signing(about: ToSign): Promise<Signing> {
    return this.session.request('GET', `/api/signing${signingQuery(about)}`);
  }

  async coins(): Promise<readonly CoinsStatus[]> {
    return (await this.session.request<{ coins: readonly CoinsStatus[] }>('GET', '/api/status')).coins;
  }

  /** `cost`: of one coin, where they are the desk's. */
  claimCoins({ cost, ...said }: CoinsSaid, reason: string, signature?: string): Promise<OperationResult> {
    return this.session.request('POST', '/api/coins', {
      ...said,
      reason,
      ...(cost === null ? {} : { cost }),
      ...(signature === undefined ? {} : { signature }),
    });
  }

  vote(
    approval: ApprovalShown,
    choice: 'approve' | 'reject',
    reason: string,
    signature?: string,
  ): Promise<VoteResult> {
    const { id, parametersHash } = approval;
    const path = `/api/approvals/${encodeURIComponent(id)}/vote`;
    return this.session.request('POST', path, {
      choice,
      parametersHash,
      reason,
      ...(signature === undefined ? {} : { signature }),
    });
  }

  tasks(): Promise<{ readonly tasks: readonly Task[] }> {
    return this.session.request('GET', '/api/tasks');
  }

  taskDone(id: number, note: string): Promise<{ readonly problems: readonly string[] }> {
    return this.session.request('POST', `/api/tasks/${id}/done`, { note });
  }

  /** How much waits for somebody. */
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

  incidents(): Promise<{ readonly incidents: readonly Incident[] }> {
    return this.session.request('GET', '/api/incidents');
  }

  incident(id: string): Promise<IncidentShown> {
    return this.session.request('GET', `/api/incidents/${encodeURIComponent(id)}`);
  }

  answerIncident(
    id: string,
    choice: 'acknowledge' | 'resolve',
    note: string,
  ): Promise<{ readonly detail: string }> {
    return this.session.request('POST', `/api/incidents/${encodeURIComponent(id)}/${choice}`, { note });
  }

  reportIncident(title: string): Promise<OperationResult> {
    return this.session.request('POST', '/api/incidents', { title });
  }

  goLive(): Promise<GoLiveShown> {
    return this.session.request('GET', '/api/golive');
  }

  startGoLive(reason: string): Promise<GoLiveStarted> {
    return this.session.request('POST', '/api/golive', { reason });
  }

  revokeGoLive(reason: string): Promise<OperationResult> {
    return this.session.request('POST', '/api/golive/revoke', { reason });
  }

  preflight(): Promise<PreflightReport> {
    return this.session.request('GET', '/api/preflight');
  }

  validations(): Promise<{ readonly validations: readonly ValidationShown[] }> {
    return this.session.request('GET', '/api/validations');
  }

  audit(filter: Readonly<Record<string, string>>): Promise<AuditPage> {
    const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ''));
    return this.session.request('GET', `/api/audit?${query}`);
  }

  /** `workflowId`: straight to that run. */
  async temporalUiAddress(asked: RunAsked = {}): Promise<string> {
    return (await this.session.request<{ url: string }>('POST', '/api/temporal-ui/ticket', asked)).url;
  }
}
