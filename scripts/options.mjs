// What was typed behind one of the repository's own commands.
import { parseArgs } from 'node:util';

/**
 * Like `parseArgs`. `--help` prints `usage` and ends with 0; what the command does not know ends with 2 before anything is run.
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
