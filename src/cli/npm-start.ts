/** `npm start --port 0`: npm keeps options before a `--` for itself and puts them into the environment. */
import type { Option } from 'commander';
import { usageFailure } from './failure.js';

type OptionShape = Pick<Option, 'long' | 'flags' | 'required'>;

/**
 * The arguments as typed, including the options that npm kept, so that none is silently lost. Throws if it is not
 * certain which value belongs to which option.
 */
export function withKeptByNpm(
  argv: readonly string[],
  options: readonly OptionShape[],
  env: NodeJS.ProcessEnv = process.env,
): readonly string[] {
  if (env.npm_lifecycle_event !== 'start' || env.npm_command !== 'start') return argv;
  const kept = options.flatMap(({ long, flags, required }) => {
    const name = long?.slice(2) ?? '';
    const value = env[`npm_config_${name.replaceAll('-', '_')}`];
    return name === '' || value === undefined ? [] : [{ name, flags, valued: required, value }];
  });
  if (kept.length === 0) return argv;
  const [command = '', ...rest] = argv;
  // Typed with a space: npm took the option for a switch and passed only its value on.
  const bare = kept.filter(({ valued, value }) => valued && value === 'true');
  const loose = rest.filter((word) => !word.startsWith('-'));
  // Given more than once, npm reports only one.
  const several = kept.some(({ name }) => name === 'data');
  if (bare.length > 1 || (bare.length === 1 && loose.length !== 1) || several) {
    const [one] = kept;
    throw usageFailure(
      `npm kept ${kept.map(({ name }) => `--${name}`).join(', ')} to itself, and nobody can tell with which values`,
      `put -- before the options: npm start -- ${one?.flags ?? ''}`,
    );
  }
  const given = kept.flatMap(({ name, valued, value }) => {
    if (!valued) return [`--${name}`];
    return [`--${name}`, value === 'true' ? (loose[0] ?? '') : value];
  });
  return [command, ...rest.filter((word) => bare.length === 0 || word !== loose[0]), ...given];
}
