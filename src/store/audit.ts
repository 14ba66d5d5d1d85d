/** Who asked for what, by which channel, and with which outcome. Append-only. */
import { plainText, withPlainText } from '../domain/plain-text.js';
import { inTransaction, type Pool } from './pool.js';

/** Every action, in the words that people read. */
const AUDIT_ACTIONS = {
  stop: 'stop',
  closeAll: 'close all positions',
  kill: 'kill: close all positions; two people must resume',
  closePosition: 'close a position',
  cancelEntry: 'cancel an entry',
  halt: 'halt the desk',
  resume: 'resume trading',
  toggleStrategy: 'switch a strategy on or off',
  changeSize: 'change the position size',
  changeSettings: 'change settings',
  'vote:approve': 'approve',
  'vote:reject': 'reject',
  'approval:superseded': 'set aside an approval that is out of date',
  goLive: 'ask for real money',
  revokeGoLive: 'take back the permission for real money',
  validate: 'validate',
  deployBuild: 'deploy a build',
  sendSignal: 'send a signal',
  withdrawSignal: 'withdraw a signal',
  claimCoins: 'say whose coins they are',
  explainCash: 'explain cash',
  corporateAction: 'enter a split or a dividend',
  noSplit: 'say that there was no split',
  runRoutine: 'run a routine',
  completeTask: 'complete a task',
  openIncident: 'open an incident',
  'incident:acknowledge': 'acknowledge an incident',
  'incident:resolve': 'declare an incident over',
  backup: 'take a backup',
  restoreDrill: 'run a restore drill',
  export: 'export records',
  notAllowed: 'ask for what takes another role',
  noteInJournal: 'write in the trading journal',
  'notify:test': 'try the alerts',
  'passkey.add': 'register a passkey',
  'passkey.remove': 'remove a passkey',
  'person.remove': 'remove a person',
  'secret.rotate': 'rotate a credential',
  'telegram.link': 'link a chat',
  'telegram.link-code': 'make a code to link a chat',
  'telegram.unlink': 'unlink a chat',
  'telegram.stranger': 'write to the bot as a stranger',
} as const;

export type AuditAction = keyof typeof AUDIT_ACTIONS;

/** An entry of an older version may have an action that this version no longer knows: then its code. */
export const auditActionWords = (action: string): string =>
  Object.hasOwn(AUDIT_ACTIONS, action) ? AUDIT_ACTIONS[action as AuditAction] : action;

export interface AuditEntry {
  readonly desk: string;
  readonly person: string;
  readonly via: string;
  readonly action: AuditAction;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly outcome: string;
  /** A repeated key leaves the first entry unchanged. */
  readonly idempotencyKey?: string;
}

/** Characters that can't be stored are replaced by a mark: no entry is ever lost because of its text. */
export async function appendAudit(
  pool: { query(text: string, values: readonly unknown[]): Promise<unknown> },
  entry: AuditEntry,
): Promise<void> {
  await pool.query(
    `insert into audit (desk, person, via, action, parameters, outcome, idempotency_key)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (desk, idempotency_key) do nothing`,
    [
      entry.desk,
      plainText(entry.person),
      entry.via,
      plainText(entry.action),
      JSON.stringify(withPlainText(entry.parameters)),
      plainText(entry.outcome),
      entry.idempotencyKey ?? null,
    ],
  );
}

/** Rejects if the entry could not be written now; nothing is stored. */
export async function tryAudit(pool: Pool, entry: AuditEntry): Promise<void> {
  const undo = new Error('only tried');
  await inTransaction(pool, async (client) => {
    await appendAudit(client, entry);
    throw undo;
  }).catch((error: unknown) => {
    if (error !== undo) throw error;
  });
}
