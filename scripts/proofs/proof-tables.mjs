// The tables of proofs: `desks/<desk>/proofs.csv`, one line for each id of the desk's runbook.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const tableOf = (root, desk) => join(root, 'desks', desk, 'proofs.csv');

export const desksWithProofs = (root) =>
  readdirSync(join(root, 'desks'))
    .filter((desk) => existsSync(tableOf(root, desk)))
    .sort();

/**
 * Lines of `id,area,proof,why not,missing`; all lines may lack the last field. A field with a comma or quotation mark
 * is in quotation marks. A proof is `file > title`; several that are all needed are joined by ` && `. `why not`: no
 * test here can show it; `missing`: none does so yet.
 */
export function readProofs(root, desk) {
  const [, ...lines] = readFileSync(tableOf(root, desk), 'utf8').trim().split('\n');
  return lines.map((line) => {
    const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)];
    const [id = '', area = '', proof = '', whyNot = '', missing = ''] = fields.map((field) =>
      (field[1] ?? field[2] ?? '').replaceAll('""', '"'),
    );
    return { id, area, proof, whyNot, missing };
  });
}

/**
 * Null if the test exists. A proof is `file > title`, as written in the file; a third part is a row of the test's
 * table.
 */
export function missingInSource(root, proof) {
  const [file, ...parts] = proof.split(' > ');
  const path = join(root, file);
  if (!existsSync(path)) return `there is no file ${file}`;
  if (parts.length === 0) return `${proof} names no test`;
  const text = readFileSync(path, 'utf8');
  const lost = parts.find((part) => !text.includes(part) && !text.includes(part.replaceAll("'", "\\'")));
  return lost === undefined ? null : `${file} has no "${lost}"`;
}
