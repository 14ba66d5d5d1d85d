/** The shapes of the API under the names that the page uses, all derived from the OpenAPI document. */
import type { components, paths } from './openapi.js';

type Json<Carrier> = Carrier extends { readonly content: { readonly 'application/json': infer T } }
  ? T
  : never;
type Done<Responses> = Json<Responses[keyof Responses & (200 | 202)]>;
type Answer<
  Path extends keyof paths,
  Method extends 'get' | 'post' | 'put' = 'get',
> = paths[Path][Method] extends {
  readonly responses: infer Responses;
}
  ? Done<Responses>
  : never;
type Query<Path extends keyof paths> = paths[Path]['get'] extends {
  readonly parameters: { readonly query?: infer T };
}
  ? NonNullable<T>
  : never;

/** The body of a request, without the member that says where the tokens go. */
type Body<Path extends keyof paths> = paths[Path]['post'] extends {
  readonly requestBody?: infer Sent;
}
  ? Omit<Json<NonNullable<Sent>>, 'transport'>
  : never;

export type LiveMessage = components['schemas']['LiveMessage'];
export type LiveState = Omit<Extract<LiveMessage, { readonly type: 'state' }>, 'type' | 'atWallMs'>;
export type TraderStatus = NonNullable<LiveState['status']>;
export type OrderStatus = TraderStatus['orders'][number];
export type WaitingEntryStatus = NonNullable<TraderStatus['waitingEntries']>[number];
export type PositionStatus = TraderStatus['positions'][number];
export type CoinsStatus = TraderStatus['coins'][number];
export type MoneyAtStake = TraderStatus['money'];

export type DeskShown = Answer<'/api/desks'>['desks'][number];

export type ResumeDecided = Answer<'/api/emergency/decided'>['decided'][number];

export type Tokens = Answer<'/api/auth/refresh', 'post'>;
export type PersonRole = Tokens['roles'][number];

export type Passkey = Answer<'/api/passkeys'>['passkeys'][number];
export type PasskeyAsked = Answer<'/api/auth/passkey/challenge', 'post'>;
export type PasskeyAnswer = Body<'/api/auth/passkey'>;
export type PasskeyToMake = Answer<'/api/passkeys/challenge', 'post'>;
export type PasskeyMade = Body<'/api/passkeys'>;

export type TradesAnswer = Answer<'/api/trades'>;
export type Trade = TradesAnswer['trades'][number];
export type EquityAnswer = Answer<'/api/equity'>;
export type EquityPoint = EquityAnswer['points'][number];
export type BarsAnswer = Answer<'/api/bars'>;
export type BarStatus = BarsAnswer['bars'][number];
export type Results = Answer<'/api/results'>;
export type RoundTrip = Results['roundTrips'][number];
export type ResultsQuery = Query<'/api/results'>;
export type KpisShown = Answer<'/api/kpis'>;
export type KpiShown = KpisShown['kpis'][number];
export type SetupList = Answer<'/api/setups'>;
export type Setup = SetupList['setups'][number];
export type SetupDetails = Answer<'/api/setups/{id}'>;
export type JournalDay = Answer<'/api/journal'>['days'][number];
export type ErrorsShown = Answer<'/api/errors'>;
export type RoutinesAnswer = Answer<'/api/routines'>;
export type RoutineRun = RoutinesAnswer['runs'][number];
export type MissedRun = RoutinesAnswer['missed'][number];
export type BackupRun = Answer<'/api/backups'>['runs'][number];
export type ScheduledRun = Answer<'/api/schedules'>['schedules'][number];
export type StrategyShown = Answer<'/api/strategies'>['strategies'][number];
export type Analytics = Answer<'/api/analytics'>;
export type SettingsShown = Answer<'/api/settings'>;
/** Values of settings by their path in the desk file. */
export type SettingValues = Readonly<Record<string, SettingsShown['settings'][number]['value']>>;
export type SettingsResult = Answer<'/api/settings', 'put'>;
export type ApprovalShown = Answer<'/api/approvals'>['approvals'][number];
export type Task = Answer<'/api/tasks'>['tasks'][number];
export type IncidentList = Answer<'/api/incidents'>;
export type Incident = IncidentList['incidents'][number];
export type IncidentShown = Answer<'/api/incidents/{id}'>;
export type GoLiveShown = Answer<'/api/golive'>;
export type PreflightReport = Answer<'/api/preflight'>;
export type Validations = Answer<'/api/validations'>;
export type ValidationShown = Validations['validations'][number];
export type StoredPeriod = Answer<'/api/data'>['periods'][number];
export type AuditPage = Answer<'/api/audit'>;
export type OperationResult = Answer<'/api/emergency/stop', 'post'>;
export type AlertChannel = LiveState['alerts'][number]['channel'];
export type AlertTested = Answer<'/api/notify/test', 'post'>;
export type Signing = Answer<'/api/signing'>;
export type SigningQuery = Query<'/api/signing'>;
export type AuditQuery = Query<'/api/audit'>;
export type CoinOwner = NonNullable<SigningQuery['owner']>;
