/** Commands in messages as they can be typed where they are read: `fermata` alone is on nobody's path after `npm ci`. */
const COMMAND = /(?<![\w/.@-]|npx |the )fermata (?=--|[a-z])/g;

/** Started by `npx` or `npm start`: in this folder `npx` finds this program, and no other one of the same name. */
const startedByNpm = (env: NodeJS.ProcessEnv): boolean =>
  env.npm_command === 'exec' || env.npm_lifecycle_event === 'start';

export function asTyped(text: string, env: NodeJS.ProcessEnv = process.env): string {
  return startedByNpm(env) ? text.replace(COMMAND, 'npx fermata ') : text;
}
