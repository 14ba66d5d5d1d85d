/**
 * Whether a role that runs on its own is well, for container health checks: it marks a file while its event loop turns,
 * and `role-health.js <role>` looks at the mark, and asks the trader and the web server themselves.
 */
import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { deskPaths, homePaths, type Runtime } from '../home/runtime.js';
import { runtimeFromEnvironment } from '../home/runtime-from-environment.js';
import { connectTrader } from '../trader/client.js';

const MARK_EVERY_MS = 2_000;
const MARK_AGE_MS_MAX = 15_000;
const ANSWER_MS = 3_000;

function markOf(role: string, { home }: Pick<Runtime, 'home'>): string {
  return join(homePaths(home).sockets, `${role}.alive`);
}

/** From ready on, for as long as the process lives. */
export function markAlive(role: string, runtime: Runtime): void {
  const file = markOf(role, runtime);
  mkdirSync(homePaths(runtime.home).sockets, { recursive: true, mode: 0o700 });
  writeFileSync(file, '');
  setInterval(() => utimesSync(file, new Date(), new Date()), MARK_EVERY_MS).unref();
}

/** Null: well; else what is wrong. */
async function roleProblem(role: string, runtime: Runtime): Promise<string | null> {
  const marked = statSync(markOf(role, runtime), { throwIfNoEntry: false });
  if (marked === undefined) return 'it is not ready yet';
  const ageMs = Date.now() - marked.mtimeMs;
  if (ageMs > MARK_AGE_MS_MAX) return `it has given no sign of life for ${Math.round(ageMs / 1000)} s`;
  if (role === 'trader') return traderProblem(runtime);
  if (role === 'web') return webProblem(runtime);
  return null;
}

async function traderProblem({ home, desk }: Runtime): Promise<string | null> {
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

async function webProblem({ web }: Runtime): Promise<string | null> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const answer = await fetch(`http://127.0.0.1:${web.port}/health`, { signal }).catch((error: unknown) =>
    String(error),
  );
  if (typeof answer === 'string') return answer;
  return answer.ok ? null : `GET /health answered ${answer.status}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const problem = await roleProblem(process.argv[2] ?? '', runtimeFromEnvironment(process.env));
  if (problem !== null) console.error(problem);
  process.exit(problem === null ? 0 : 1);
}
