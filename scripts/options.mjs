// Parses the arguments of the repository's own commands.
import { parseArgs } from 'node:util';

/**
 * Like `parseArgs`. `--help` prints `usage` and exits with 0; an unknown argument exits with 2 before anything runs.
 * @template {import('node:util').ParseArgsConfig} T
 * @param {string} usage
 * @param {T} config
 * @returns {ReturnType<typeof parseArgs<T>>}
 */
export function readOptions(usage, config) {
  let read;
  try {
    read = parseArgs({ ...config, options: { ...config.options, help: { type: 'boolean' } } });
  } catch (error) {
    const [problem] = error.message.split('. ');
    console.error(`${problem}. Nothing was run. It is used like this:\n${usage}`);
    process.exit(2);
  }
  if (read.values.help) {
    console.log(usage);
    process.exit(0);
  }
  return read;
}
