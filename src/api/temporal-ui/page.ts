/** The few plain pages of the proxy itself: no script, no style, nothing from other hosts. */
import type { FastifyReply } from 'fastify';

export interface PlainPage {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

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
