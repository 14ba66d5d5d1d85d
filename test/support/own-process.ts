/** Which test files can't share a process with others, told from what they say themselves. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * What is a process's own, and would be found changed by the file after it: environment, signals, globals. What is changed
 * through vitest is put back (`put-back.ts`), but for modules.
 */
const CHANGES = [
  /\bvi\.(?:mock|doMock)/,
  /\bprocess\.env(?:\.\w+|\[[^\]]+\])? = /,
  /\bdelete process\.env\b/,
  /\bObject\.assign\(process\b/,
  /\bprocess\.(?:on|once|chdir|umask|setuid|exitCode =|title =)/,
  /\bglobalThis\.\w+ = /,
  /\bsyncBuiltinESMExports\(/,
  /\b(?:Runtime\.install|installRuntime)\(/,
  /\bSettings\.\w+ = /,
];
/** In what several files import: it is loaded once for a process, so this is done for the first of them alone. */
const HOOKS = /^(?:(?:before|after)(?:All|Each)\(|vi\.)/m;
/** Temporal's library takes no more than one installation, and makes its own for whoever connects before. */
const CONNECTS = /\b(?:NativeConnection\.connect|connectWorker|keepWorker|runReplayHistories)\(/;
/** Whose tests begin browsers or take much memory: what one leaves is nobody else's. */
const NEEDS_ITS_OWN = /^(?:page|simulation)\//;
/** What it installs is the same for all files of a process. */
const INSTALLS_FOR_ALL = /\bquietRuntime\(\)/;
const FOR_ALL = /\/test\/support\/quiet-runtime\.ts$/;
const IMPORTED = /(?:from|import) '(\.{1,2}\/[^']+)\.js'/g;

/** Of the test files below this folder those that change the process they run in, or import tests' support that does. */
export function filesWithOwnProcess(folder: string): string[] {
  const known = new Map<string, boolean>();
  const around = `${dirname(folder)}/`;
  const product = `${around}src/`;
  const changes = (file: string): boolean => {
    const before = known.get(file);
    if (before !== undefined) return before;
    known.set(file, false);
    const text = FOR_ALL.test(file) ? '' : readFileSync(file, 'utf8');
    const imported = [...text.matchAll(IMPORTED)].map(([, place]) => join(dirname(file), `${place}.ts`));
    const found =
      CHANGES.some((change) => change.test(text)) ||
      (!file.endsWith('.test.ts') && HOOKS.test(text)) ||
      (CONNECTS.test(text) && !INSTALLS_FOR_ALL.test(text)) ||
      imported.some(
        (place) =>
          place.startsWith(around) && !place.startsWith(product) && existsSync(place) && changes(place),
      );
    known.set(file, found);
    return found;
  };
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) => NEEDS_ITS_OWN.test(name) || changes(join(folder, name)))
    .map((name) => join(folder, name));
}
