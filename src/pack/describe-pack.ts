/** Describes the parts in a desk's folder, in a separate process, because reading them runs their code. */
import { NAME, NAME_EXPECTED } from '../desk/typed-names.js';
import { askChild, packError, problem } from './child-process.js';
import { type PartFile, type PartKind, partFiles } from './pack-folder.js';
import type { DescribedPart, PackProblem } from './protocol.js';

const FILES_MAX = 200;

/** Names of the parts that come with Fermata. */
type ShippedNames = Readonly<Record<PartKind, readonly string[]>>;

/** Throws `DeskFileError` with each file's problem. */
export function describePack(folder: string, shipped: ShippedNames): readonly DescribedPart[] {
  const files = partFiles(folder);
  const problems = nameProblems(files, shipped);
  if (files.length > FILES_MAX)
    problems.push(problem(folder, `at most ${FILES_MAX} files of code`, `${files.length}`));
  if (problems.length > 0) throw packError(folder, problems);
  if (files.length === 0) return [];
  const answers = askChild(folder, ['describe', folder], files[0]?.file ?? folder);
  return answers.flatMap((answer) => ('part' in answer ? [answer.part] : []));
}

function nameProblems(files: readonly PartFile[], shipped: ShippedNames): PackProblem[] {
  return files.flatMap(({ kind, name, file }, at) => {
    if (!NAME.test(name)) return [problem(file, `a name of ${NAME_EXPECTED}`, name, `rename ${file}`)];
    if (shipped[kind].includes(name)) {
      const found = `the name of the ${kind} ${name} that comes with Fermata`;
      return [problem(file, 'a name of its own', found, `rename ${file}`)];
    }
    const same = files.findIndex((one) => one.kind === kind && one.name === name);
    if (same !== at)
      return [problem(file, 'each name once', `the name of ${files[same]?.file}`, `rename ${file}`)];
    return [];
  });
}
