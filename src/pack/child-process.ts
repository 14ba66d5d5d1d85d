/** Starts the process that runs code of a desk's folder, with nothing of ours in its environment. */
import { fileURLToPath } from 'node:url';

export const CHILD = fileURLToPath(new URL('../../dist/pack/child.js', import.meta.url));

const MEMORY_MB = 192;

export const childArgs = (...args: readonly string[]): string[] => [
  `--max-old-space-size=${MEMORY_MB}`,
  CHILD,
  ...args,
];

export const childEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    ['PATH', 'LANG'].flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])),
  );
