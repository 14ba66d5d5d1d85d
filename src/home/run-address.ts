/** Where a person opens what a message is about: addresses of the dashboard, which signs them in there. */
import { dashboardFrom } from './dashboard-address.js';
import type { Runtime } from './runtime.js';
import { runtimeHere } from './runtime-here.js';

/** One run in Temporal's UI. Null where no UI is behind our sign-in: somebody else's server whose UI nobody has named. */
export function runAddress(
  { web, temporal }: Pick<Runtime, 'web' | 'temporal'>,
  workflowId: string,
): string | null {
  if (temporal.uiAddress === null) return null;
  return `${dashboardFrom(web)}#run=${encodeURIComponent(workflowId)}`;
}

/** Of the desk that was started last with this FERMATA_HOME; null where there is none. */
export function runAddressAt(home: string, workflowId: string): string | null {
  const runtime = runtimeHere(home);
  return runtime === null ? null : runAddress(runtime, workflowId);
}

/**
 * Of a document that the web role serves: its name without `.md`, with `#` and a section where one is meant. Null where no
 * desk was started here.
 */
export function documentAddressAt(home: string, document: string): string | null {
  const web = runtimeHere(home)?.web;
  return web === undefined ? null : `${dashboardFrom(web)}docs/${document}`;
}

/** Of a setup's own page; null where no desk was started here. */
export function setupAddressAt(home: string, setup: string): string | null {
  const web = runtimeHere(home)?.web;
  return web === undefined ? null : `${dashboardFrom(web)}#/setups/${setup}`;
}
