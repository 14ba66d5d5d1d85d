/** The addresses of the dashboard, and within it those for the subject of a message; the dashboard signs people in. */
import type { Runtime } from './runtime.js';
import { runtimeHere } from './runtime-here.js';

type Web = Runtime['web'];

/** The address on this machine. */
export function localDashboard({ host, port }: Web): string {
  // In a container, the dashboard listens on all addresses and is published on loopback.
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}/`;
}

/** The address for links, which may be opened on another machine. */
export const dashboardFrom = (web: Web): string =>
  web.publicUrl === undefined ? localDashboard(web) : `${web.publicUrl}/`;

/**
 * Address of a run in Temporal's UI. Null: no UI is behind our sign-in, since the server is somebody else's
 * and nobody has named its UI.
 */
export function runAddress(
  { web, temporal }: Pick<Runtime, 'web' | 'temporal'>,
  workflowId: string,
): string | null {
  if (temporal.uiAddress === null) return null;
  return `${dashboardFrom(web)}#run=${encodeURIComponent(workflowId)}`;
}

/** For the desk that was last started with this FERMATA_HOME. Null: there is none. */
export function runAddressAt(home: string, workflowId: string): string | null {
  const runtime = runtimeHere(home);
  return runtime === null ? null : runAddress(runtime, workflowId);
}

/**
 * Address of a document that the web role serves: its name without `.md`, optionally with `#` and a section.
 * Null: no desk was started here.
 */
export function documentAddressAt(home: string, document: string): string | null {
  const web = runtimeHere(home)?.web;
  return web === undefined ? null : `${dashboardFrom(web)}docs/${document}`;
}

/** Address of a setup's own page. Null: no desk was started here. */
export function setupAddressAt(home: string, setup: string): string | null {
  const web = runtimeHere(home)?.web;
  return web === undefined ? null : `${dashboardFrom(web)}#/setups/${setup}`;
}
