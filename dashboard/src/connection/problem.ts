import { typed } from '../typed.js';

/** An error from the API: what happened, what was kept safe, what to do. */
export class Problem extends Error {
  override readonly name = 'Problem';
  constructor(
    readonly status: number,
    readonly title: string,
    detail: string,
    readonly keptSafe: string,
    readonly doThis: string,
    /** For an operation: side problems. */
    readonly notes: readonly string[] = [],
    readonly type = '',
  ) {
    super(detail);
  }
}

export const NO_ANSWER = new Problem(
  0,
  'The web server does not answer',
  'The request got no answer. Whether it was carried out is not known.',
  'The trader is a process of its own; protective stops rest at the venue.',
  `The page connects again by itself, but sends nothing again: once it is connected, look at the mode and press again. In a terminal: \`${typed('status')}\`, \`${typed('stop')}\`.`,
);

/** Of what is read again and again: nothing was asked for that could have been carried out. */
export const NO_ANSWER_YET = new Problem(
  0,
  'The web server does not answer yet',
  'The web server has not answered for 10 s: what is shown may be older, or not be there yet.',
  `The trader goes on without it. If this lasts, in a terminal: ${typed('restart web')}`,
  '',
);

/** Throws a Problem if the server refuses. */
export async function answerOf<T>(
  asked: Promise<{ readonly data?: T; readonly error?: unknown; readonly response: Response }>,
): Promise<T> {
  const { data, error, response } = await asked;
  if (!response.ok) throw problemOf(response, error);
  return data as T;
}

/** `body`: of the response. */
export function problemOf(response: Response, body: unknown): Problem {
  const read = (name: string): string => {
    const value = (body as Record<string, unknown> | null | undefined)?.[name];
    return typeof value === 'string' ? value : '';
  };
  const outcome = (body as { outcome?: { problems?: readonly string[] } } | null | undefined)?.outcome;
  return new Problem(
    response.status,
    read('title') || response.statusText || 'Error',
    read('detail') || `The server answered ${response.status}.`,
    read('keptSafe'),
    atThePage(read('doThis')),
    outcome?.problems ?? [],
    read('type'),
  );
}

/** Without the API addresses, which are for programs: the page itself shows what they return. */
function atThePage(doThis: string): string {
  if (!doThis.includes('/api/')) return doThis;
  const rest = doThis
    .replace(/\.$/, '')
    .split('; ')
    .filter((part) => !part.includes('/api/'))
    .join('; ');
  return rest === ''
    ? 'This page shows it as it is now.'
    : `${rest.charAt(0).toUpperCase()}${rest.slice(1)}.`;
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : NO_ANSWER;
}
