/**
 * Turns `fermata COMMAND` in our texts into what can be typed where the desk was started. Shared with the
 * page: no imports, and no lookbehind, which older browsers lack.
 */

/** The program in containers: `fermata` exists only inside them. */
export const IN_CONTAINERS = 'docker-compose run --rm cli';

/** In containers, docker compose takes over these commands (docs/DEPLOY.md). */
const OF_COMPOSE: Readonly<Record<string, string>> = {
  up: 'docker-compose up -d',
  down: 'docker-compose down',
  preflight: 'docker-compose exec operations-worker node bin/fermata.js preflight',
};

/** `fermata` itself is not on the PATH after `npm ci`. */
const COMMAND =
  /([\w/.@-]|npx |the )?fermata (?=--|[a-z])(?:(up|down|preflight)(?![\w-])( --desk [\w./-]*[\w/-])?)?/g;

/** Commands about no desk, or about a file passed to them. */
export const OF_NO_DESK = ['completion', 'desk check', 'desks', 'help', 'init', 'strategy check'] as const;
const OF_NO_DESK_FIRST = new RegExp(`^(?:${OF_NO_DESK.join('|')})(?![\\w-])`);
/** Up to the next command: one that is named makes no other one that stands before it clear. */
const NAMES_ITS_OWN = new RegExp(`${OF_NO_DESK_FIRST.source}|^(?:--|(?:(?!fermata )[^\\n\`])*\\s--desk\\b)`);

export const isOfNoDesk = (command: string): boolean => OF_NO_DESK_FIRST.test(command);

/**
 * `program`: what to type before a command about this desk, with its name if several run; or `IN_CONTAINERS`.
 * `starts`: what `up` must be told to start this desk; null: nothing.
 */
export function commandsAsTyped(text: string, program: string, starts: string | null = null): string {
  const [bare = program] = program.split(' --desk ');
  return text.replace(COMMAND, (said: string, notOurs?: string, command?: string, named?: string, at = 0) => {
    if (notOurs !== undefined) return said;
    // docker compose runs the desk of its folder.
    if (program === IN_CONTAINERS && command !== undefined) return OF_COMPOSE[command] ?? said;
    if (named !== undefined) return `${bare} ${command}${named}`;
    const rest = text.slice(at + said.length - (command?.length ?? 0));
    if (NAMES_ITS_OWN.test(rest)) return `${bare} ${command ?? ''}`;
    const isUnnamed = command === 'up' && program === bare && starts !== null;
    return `${program} ${command ?? ''}${isUnnamed ? ` --desk ${starts}` : ''}`;
  });
}

/** What is typed once a task is done, with all of its items ticked. */
export function taskDoneCommand({
  id,
  items = [],
}: {
  readonly id: number;
  readonly items?: readonly string[];
}): string {
  const ticked = items.length === 0 ? '' : ` --tick ${items.map((_item, at) => at + 1).join(',')}`;
  return `fermata task done ${id}${ticked} --note TEXT`;
}
