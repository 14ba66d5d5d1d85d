/**
 * Health check of a role in its own container: `role-health.js <role>` reads the role's life file, and also
 * queries the trader and the web server directly.
 */
import { pathToFileURL } from 'node:url';
import { deskPaths, homePaths } from '../home/runtime.js';
import { connectTrader } from '../trader/client.js';
import { readLife, SIGN_AGE_MS_MAX } from './role-life.js';

const ANSWER_MS = 3_000;

/** Null if healthy; otherwise what is wrong. */
export async function roleProblem(role: string, home: string): Promise<string | null> {
  const life = readLife(role, home);
  if (life === null || life.phase === 'starting') return 'it is not ready yet';
  if (life.phase === 'ended' || life.death !== null) return 'it has ended';
  const ageMs = Date.now() - life.lastSignMs;
  if (ageMs > SIGN_AGE_MS_MAX) return `it has given no sign of life for ${Math.round(ageMs / 1000)} s`;
  if (role === 'trader') return traderProblem(home, life.desk ?? '');
  if (role === 'web') return webProblem(life.port ?? 0);
  return null;
}

async function traderProblem(home: string, desk: string): Promise<string | null> {
  const trader = connectTrader(deskPaths(homePaths(home), desk).controlSocket);
  try {
    await trader.call('status', {}, { timeoutMs: ANSWER_MS });
    return null;
  } catch (error) {
    return String(error);
  } finally {
    trader.close();
  }
}

async function webProblem(port: number): Promise<string | null> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const answer = await fetch(`http://127.0.0.1:${port}/health`, { signal }).catch((error: unknown) =>
    String(error),
  );
  if (typeof answer === 'string') return answer;
  return answer.ok ? null : `GET /health answered ${answer.status}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const problem = await roleProblem(process.argv[2] ?? '', process.env.FERMATA_HOME ?? '');
  if (problem !== null) console.error(problem);
  process.exit(problem === null ? 0 : 1);
}
