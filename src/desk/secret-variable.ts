import { readFileSync } from 'node:fs';

/**
 * A secret of the environment: the variable itself, or else the content of the file that `<name>_FILE` names. Null where
 * neither is given. Throws where that file can't be read; the message holds nothing of its content.
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
