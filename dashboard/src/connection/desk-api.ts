/** The calls that the page makes, with their shapes. */
import type { EquityPoint } from '../../../src/api/live/equity-history.js';
import type { RoutineRun, Trade } from '../../../src/api/schemas/records.js';
import type { ScheduledRun } from '../../../src/operations/list-schedules.js';
import type { OperationResult } from '../../../src/operations/operation.js';
import type { BarStatus } from '../../../src/trader/protocol.js';
import type { Session } from './session.js';

export type { BarStatus, EquityPoint, OperationResult, RoutineRun, ScheduledRun, Trade };

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

export class DeskApi {
  constructor(private readonly session: Session) {}

  press(button: Button, reason: string): Promise<OperationResult> {
    return this.session.request(
      'POST',
      `/api/emergency/${button}`,
      reason === '' ? {} : { reason },
      crypto.randomUUID(),
    );
  }

  trades(): Promise<TradesAnswer> {
    return this.session.request('GET', '/api/trades?limit=100');
  }

  equity(): Promise<EquityAnswer> {
    return this.session.request('GET', '/api/equity?points=600');
  }

  bars(symbol: string): Promise<BarsAnswer> {
    return this.session.request('GET', `/api/bars?symbol=${encodeURIComponent(symbol)}`);
  }

  async routines(): Promise<readonly RoutineRun[]> {
    const { runs } = await this.session.request<{ runs: readonly RoutineRun[] }>(
      'GET',
      '/api/routines?limit=6',
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

  async temporalUiAddress(): Promise<string> {
    return (await this.session.request<{ url: string }>('POST', '/api/temporal-ui/ticket')).url;
  }
}
