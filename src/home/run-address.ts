/** Where a person opens one run in Temporal's UI: an address of the dashboard, which signs them in there. */
import type { Runtime } from './runtime.js';
import { runtimeHere } from './runtime-here.js';

/** Null where no UI is behind our sign-in: somebody else's server whose UI nobody has named. */
export function runAddress(
  { web, temporal }: Pick<Runtime, 'web' | 'temporal'>,
  workflowId: string,
): string | null {
  if (temporal.uiAddress === null) return null;
  // In a container it listens on all of its addresses, and is published on loopback.
  const host = web.host === '0.0.0.0' ? '127.0.0.1' : web.host;
  return `http://${host}:${web.port}/#run=${encodeURIComponent(workflowId)}`;
}

/** Of the desk that was started last with this FERMATA_HOME; null where there is none. */
export function runAddressAt(home: string, workflowId: string): string | null {
  const runtime = runtimeHere(home);
  return runtime === null ? null : runAddress(runtime, workflowId);
}
