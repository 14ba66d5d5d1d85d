/**
 * The entrance to Temporal's UI: exchanges a ticket for a session on its port, and leads the person to this
 * desk's runs or to the run that the link was about. The list shows what the runs are and how they ended,
 * unless the person has chosen columns before.
 */

import { createHash, randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { MAY_STOP } from '../../domain/people-roles.js';
import type { WebDependencies } from '../dependencies.js';
import { cameByPublicUrl } from '../hooks/host-guard.js';
import { emptyBody } from '../routes/route-parts.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';

export const ENTER_PATH = '/fermata/enter';

/** The key under which the UI stores the chosen columns in the browser. */
const COLUMNS_KEY = 'namespace-workflow-table-columns';
const COLUMNS = [
  'Status',
  'FermataVerdict',
  'FermataSummary',
  'FermataRoutine',
  'Workflow ID',
  'Start',
  'End',
];
const WORKFLOW_ID_MAX = 1_000;
const RUN_ID = /^[0-9a-f-]{36}$/;

export interface Entrance {
  readonly desk: string;
  /** The namespace of this desk's runs. */
  readonly namespace: string;
  /** Suffix of its cookie names; absent: none. */
  readonly cookieEnding?: string;
  readonly tickets: TemporalTickets;
}

export const cookieOf = ({ cookieEnding = '' }: Pick<Entrance, 'cookieEnding'>): string =>
  `fermata_temporal_ui${cookieEnding}`;

export function enter(
  entrance: Entrance,
  { ticket, run, of }: Readonly<Record<string, unknown>>,
  reply: FastifyReply,
): FastifyReply {
  const { desk, namespace, tickets } = entrance;
  const secret = typeof ticket === 'string' ? tickets.redeem(ticket) : null;
  if (secret === null) return sendPage(reply, PAGES.ticketUsed);
  const workflowId = typeof run === 'string' && run !== '' && run.length <= WORKFLOW_ID_MAX ? run : null;
  const runId = typeof of === 'string' && RUN_ID.test(of) ? of : null;
  const to = placeOf(desk, namespace, workflowId, runId);
  const nonce = randomBytes(16).toString('base64');
  return reply
    .code(200)
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; script-src 'nonce-${nonce}'; frame-ancestors 'none'; base-uri 'none'`,
      'set-cookie': `${cookieOf(entrance)}=${secret}; Path=/; HttpOnly; SameSite=Strict`,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    })
    .send(
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="dark light">` +
        `<title>Temporal</title><script nonce="${nonce}">${scriptFor(namespace, to)}</script>` +
        `<p><a href="${inHtml(to)}">On to Temporal’s UI</a></p></html>\n`,
    );
}

/** The UI's root would show the namespace `default`, which is empty. */
function placeOf(desk: string, namespace: string, workflowId: string | null, runId: string | null): string {
  const workflows = `/namespaces/${encodeURIComponent(namespace)}/workflows`;
  if (workflowId === null) return `${workflows}?query=${encodeURIComponent(`FermataDesk="${desk}"`)}`;
  const run = `${workflows}/${encodeURIComponent(workflowId)}`;
  return runId === null ? run : `${run}/${runId}`;
}

function scriptFor(namespace: string, to: string): string {
  const [key, name, columns, place] = [COLUMNS_KEY, namespace, COLUMNS.map((label) => ({ label })), to].map(
    inScript,
  );
  return [
    `try{const all=JSON.parse(localStorage.getItem(${key})||'{}');`,
    `if(!all[${name}]){all[${name}]=${columns};localStorage.setItem(${key},JSON.stringify(all))}}catch{}`,
    `location.replace(${place})`,
  ].join('');
}

/** Prevents text from a link from closing the script element around it. */
const inScript = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

const inHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

const TICKET_LIFETIME_MS = 30_000;
const SESSION_LIFETIME_MS = 12 * 3600 * 1000;
/** Limit for each sign-in; the next one ends the oldest. */
const KEPT_MAX = 10;

interface Kept {
  readonly family: string;
  readonly expiresMs: number;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Carries a sign-in from the dashboard to the port of Temporal's UI: a ticket for 30 s, then a session there. */
export class TemporalTickets {
  readonly #tickets = new Map<string, Kept>();
  readonly #sessions = new Map<string, Kept>();

  constructor(private readonly nowMs: () => number) {}

  /** Issues a ticket for a sign-in (`family`). When the sign-in ends, so do the ticket and its session. */
  issue(family: string): string {
    return this.#keep(this.#tickets, family, TICKET_LIFETIME_MS);
  }

  /** Exchanges a ticket, once, for the secret of a session; null if the ticket is unknown, used or expired. */
  redeem(ticket: string): string | null {
    const key = digest(ticket);
    const found = this.#tickets.get(key);
    this.#tickets.delete(key);
    if (found === undefined || found.expiresMs <= this.nowMs()) return null;
    return this.#keep(this.#sessions, found.family, SESSION_LIFETIME_MS);
  }

  /** The sign-in that a session's secret belongs to, or null. */
  familyOf(secret: string): string | null {
    const found = this.#sessions.get(digest(secret));
    return found !== undefined && found.expiresMs > this.nowMs() ? found.family : null;
  }
  /** Also drops everybody's expired ones. */
  #keep(into: Map<string, Kept>, family: string, lifetimeMs: number): string {
    const nowMs = this.nowMs();
    for (const [key, { expiresMs }] of into) if (expiresMs <= nowMs) into.delete(key);
    const own = [...into].filter(([, kept]) => kept.family === family).map(([key]) => key);
    for (const key of own.slice(0, Math.max(0, own.length + 1 - KEPT_MAX))) into.delete(key);
    const secret = randomBytes(32).toString('base64url');
    into.set(digest(secret), { family, expiresMs: nowMs + lifetimeMs });
    return secret;
  }
}

const askedSchema = z.strictObject({
  workflowId: z.string().min(1).max(1_000).optional().describe('The run to open; left out: all of this desk'),
  runId: z.string().min(1).max(100).optional().describe('Which of its runs; left out: the newest'),
});

const ticketSchema = z.object({ url: z.string().describe('Open within 30 seconds; works once') });

export function temporalTicketRoute(
  app: FastifyInstance,
  web: WebDependencies,
  tickets: TemporalTickets,
): void {
  const schema = {
    summary: 'A single-use address that signs this person in to Temporal’s UI',
    tags: ['sign-in'],
    body: jsonSchema(askedSchema),
    response: { 200: answer('The address', ticketSchema), ...problems(400, 401, 403) },
  };
  const options = { schema, config: { roles: MAY_STOP }, preValidation: emptyBody };
  app.post<{ Body: z.infer<typeof askedSchema> }>('/api/temporal-ui/ticket', options, async (request) => {
    const ticket = tickets.issue(request.session?.family ?? '');
    // The host name under which the page was opened, so that the cookie is set for the same host. No public
    // address leads to the UI: from outside, its port must be reached through a tunnel.
    const { host = '127.0.0.1' } = request.headers;
    const name = cameByPublicUrl(request) ? '127.0.0.1' : host;
    const url = new URL(ENTER_PATH, `http://${name}`);
    url.port = String(web.runtime.temporalUiProxy.port);
    url.searchParams.set('ticket', ticket);
    const { workflowId, runId } = request.body;
    if (workflowId !== undefined) url.searchParams.set('run', workflowId);
    if (runId !== undefined) url.searchParams.set('of', runId);
    return { url: url.href };
  });
}

export interface PlainPage {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

/** One of the few plain pages of the proxy itself: no script, no style, nothing from other hosts. */
export function sendPage(reply: FastifyReply, { status, title, text }: PlainPage): FastifyReply {
  return reply
    .code(status)
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    .send(
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="dark light">` +
        `<title>${title}</title><h1>${title}</h1><p>${text}</p></html>\n`,
    );
}

export const PAGES = {
  signIn: {
    status: 401,
    title: 'Not signed in',
    text: 'Open Temporal’s UI with its link in the Fermata dashboard: that signs you in here.',
  },
  ticketUsed: {
    status: 401,
    title: 'This link was used',
    text: 'The link works once and for 30 seconds. Go back to the Fermata dashboard and open it again.',
  },
  foreign: {
    status: 403,
    title: 'Refused',
    text: 'This request does not come from this page itself. Nothing was changed.',
  },
  host: {
    status: 421,
    title: 'Refused',
    text: 'This server answers only to its own loopback names.',
  },
  unreadable: {
    status: 400,
    title: 'Refused',
    text: 'This is no address of Temporal’s UI. Nothing was passed on.',
  },
  absent: {
    status: 404,
    title: 'No Temporal UI here',
    text: 'This desk uses a Temporal server that Fermata did not start. Its UI is where that server’s operator put it.',
  },
  down: {
    status: 502,
    title: 'Temporal’s UI does not answer',
    text: 'The Temporal server is down or starting. Trading and Stop do not depend on it. Reload in a moment.',
  },
} as const satisfies Record<string, PlainPage>;
