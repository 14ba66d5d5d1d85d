import { readFileSync } from 'node:fs';

/**
 * A secret from the environment: the variable itself, or the content of the file that `<name>_FILE` names. Null if
 * neither is set. Throws if that file can't be read; the message contains none of its content.
 */
export function secretVariable(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
): string | null {
  const given = env[name]?.trim();
  if (given) return given;
  const file = env[`${name}_FILE`]?.trim();
  if (!file) return null;
  try {
    return readFileSync(file, 'utf8').trim() || null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new Error(`${name}_FILE: expected a file that can be read, ${file} can't be (${code})`);
  }
}
