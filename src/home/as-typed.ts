/** Rewrites commands in messages as they can be typed where the desk was started; our texts say `fermata COMMAND`. */
import { deskInProcess } from './desk-in-process.js';
import { isContainer } from './is-container.js';

/** `fermata` itself is not on the PATH after `npm ci`; with containers it exists only inside of them. */
const COMMAND = /(?<![\w/.@-]|npx |the )fermata (?=--|[a-z])/g;

/** In containers these commands belong to docker compose (docs/DEPLOY.md). */
const OF_COMPOSE: Readonly<Record<string, string>> = {
  up: 'docker-compose up -d',
  down: 'docker-compose down',
  preflight: 'docker-compose exec operations-worker node bin/fermata.js preflight',
};
const COMPOSE_COMMAND = new RegExp(`${COMMAND.source}(${Object.keys(OF_COMPOSE).join('|')})(?![\\w-])`, 'g');

/** Started by `npx` or `npm start`: in this folder `npx` finds this program, and no other of the same name. */
const startedByNpm = (env: NodeJS.ProcessEnv): boolean =>
  env.npm_command === 'exec' || env.npm_lifecycle_event === 'start';

/** Commands that concern no desk, or a file that they are given. */
export const OF_NO_DESK = ['completion', 'desk check', 'desks', 'help', 'init', 'strategy check'] as const;
const OF_NO_DESK_FIRST = new RegExp(`^(?:${OF_NO_DESK.join('|')})(?![\\w-])`);
const NAMES_ITS_OWN = new RegExp(`${OF_NO_DESK_FIRST.source}|^(?:--|[^\\n\`]*\\s--desk\\b)`);

export const isOfNoDesk = (command: string): boolean => OF_NO_DESK_FIRST.test(command);

let deskMeant: () => string | null = () => null;

/** From now on commands in the texts of this process name the desk; null: there is only one. */
export function nameDeskInCommands(desk: () => string | null): void {
  deskMeant = desk;
}

/** The words before a command about this desk. Elsewhere `npx` would fetch a stranger's package of this name. */
export function programAsTyped(env: NodeJS.ProcessEnv = process.env): string {
  if (isContainer(env)) return 'docker-compose run --rm cli';
  const desk = (deskInProcess()?.named ?? deskMeant)();
  return desk === null ? bareProgram(env) : `${bareProgram(env)} --desk ${desk}`;
}

const bareProgram = (env: NodeJS.ProcessEnv): string => (startedByNpm(env) ? 'npx fermata' : 'fermata');

export function asTyped(text: string, env: NodeJS.ProcessEnv = process.env): string {
  if (isContainer(env)) {
    const ofCompose = text.replace(COMPOSE_COMMAND, (_, command: string) => OF_COMPOSE[command] as string);
    return ofCompose.replace(COMMAND, `${programAsTyped(env)} `);
  }
  return text.replace(COMMAND, (said: string, at: number) =>
    NAMES_ITS_OWN.test(text.slice(at + said.length)) ? `${bareProgram(env)} ` : `${programAsTyped(env)} `,
  );
}
