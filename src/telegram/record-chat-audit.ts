import { messageOf } from '../domain/message-of.js';
import { type AuditEntry, appendAudit } from '../store/audit.js';
import type { BotContext } from './bot-context.js';

/** Never rejects: a request does not wait for its record. */
export async function recordChatAudit(
  { pool, desk, log }: Pick<BotContext, 'pool' | 'desk' | 'log'>,
  entry: Omit<AuditEntry, 'desk' | 'via'>,
): Promise<void> {
  await appendAudit(pool, { desk: desk.desk, via: 'telegram', ...entry }).catch((error: unknown) => {
    log('warn', `an audit entry was not written: ${messageOf(error)}`);
  });
}
