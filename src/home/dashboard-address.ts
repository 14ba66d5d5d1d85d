/** Where people find the dashboard. */
import type { Runtime } from './runtime.js';

type Web = Runtime['web'];

/** On this machine. */
export function localDashboard({ host, port }: Web): string {
  // In a container it listens on all of its addresses, and is published on loopback.
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}/`;
}

/** For links, which may be opened elsewhere. */
export const dashboardFrom = (web: Web): string =>
  web.publicUrl === undefined ? localDashboard(web) : `${web.publicUrl}/`;

export const publicUrlOf = ({ publicUrl }: { readonly publicUrl?: string | undefined }) =>
  publicUrl === undefined ? {} : { publicUrl };
