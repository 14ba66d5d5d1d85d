/** The addresses of the dashboard. */
import type { Runtime } from './runtime.js';

type Web = Runtime['web'];

/** The address on this machine. */
export function localDashboard({ host, port }: Web): string {
  // In a container, the dashboard listens on all addresses and is published on loopback.
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}/`;
}

/** The address for links, which may be opened on another machine. */
export const dashboardFrom = (web: Web): string =>
  web.publicUrl === undefined ? localDashboard(web) : `${web.publicUrl}/`;

export const publicUrlOf = ({ publicUrl }: { readonly publicUrl?: string | undefined }) =>
  publicUrl === undefined ? {} : { publicUrl };
