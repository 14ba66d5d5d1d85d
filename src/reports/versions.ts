import { readFileSync, statSync } from 'node:fs';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import { DAY_MS } from '../domain/civil-date.js';
import { counted } from '../domain/figure-text.js';
import { report } from './report.js';

const PACKAGE = new URL('../../package.json', import.meta.url);
const LOCK = new URL('../../package-lock.json', import.meta.url);

/**
 * The versions that this desk runs on, and how old its dependencies are: whether to update is a person's decision.
 */
export const versions = report('Versions of the programs', NO_PARAMETERS, async ({ pool, marketMs: _ }) => {
  const { version, dependencies } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as {
    version: string;
    dependencies: Record<string, string>;
  };
  const server = await pool.query<{ version: string }>(`select current_setting('server_version') as version`);
  const shown = ['@temporalio/worker', 'ccxt', 'fastify', 'pg'].map(
    (name) => `${name} ${dependencies[name]}`,
  );
  return [
    `Fermata ${version}, Node ${process.version}, Postgres ${server.rows[0]?.version}`,
    `${shown.join(', ')} and ${Object.keys(dependencies).length - shown.length} more`,
    `dependencies locked ${lockAge()}`,
  ].join('; ');
});

function lockAge(): string {
  try {
    const days = Math.floor((Date.now() - statSync(LOCK).mtimeMs) / DAY_MS);
    return days === 0 ? 'today' : `${counted(days, 'day')} ago`;
  } catch {
    return 'at an unknown time';
  }
}
