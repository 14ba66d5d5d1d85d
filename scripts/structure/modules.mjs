// What each file of src imports, parsed from its syntax, values and types separately.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync, Visitor } from 'vite';

/**
 * @typedef {{ readonly to: string, readonly isType: boolean, readonly isLazy?: boolean }} Import  `to`: a path below `root`, or
 *   `package:NAME`; lazy: `import()`
 * @typedef {{ readonly path: string, readonly lines: number, readonly text: string, readonly imports: readonly Import[] }} Module
 */

/**
 * Every TypeScript file below `folder`, with paths relative to `root`.
 * @returns {Module[]}
 */
export function readModules(root, folder) {
  return filesBelow(join(root, folder)).map((file) => {
    const text = readFileSync(file, 'utf8');
    const imports = specifiersOf(file, text).map(({ specifier, ...how }) => ({
      to: specifier.startsWith('.')
        ? relative(root, resolve(dirname(file), specifier)).replace(/\.js$/, '.ts')
        : `package:${specifier}`,
      ...how,
    }));
    return { path: relative(root, file), lines: text.split('\n').length - 1, text, imports };
  });
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path);
      return /\.tsx?$/.test(entry.name) && !/\.d\.ts$/.test(entry.name) ? [path] : [];
    })
    .sort();
}

function specifiersOf(file, text) {
  const { program, module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const found = [];
  for (const { moduleRequest, entries } of module.staticImports) {
    // `import './x.js'` has no entries and imports a value.
    found.push({ specifier: moduleRequest.value, isType: entries.length > 0 && entries.every(isType) });
  }
  for (const { entries } of module.staticExports) {
    for (const entry of entries) {
      if (entry.moduleRequest !== null && entry.moduleRequest !== undefined)
        found.push({ specifier: entry.moduleRequest.value, isType: entry.isType });
    }
  }
  new Visitor({
    ImportExpression: ({ source }) => {
      if (typeof source.value === 'string')
        found.push({ specifier: source.value, isType: false, isLazy: true });
    },
    TSImportType: ({ source }) => found.push({ specifier: source.value, isType: true }),
  }).visit(program);
  return found;
}

function isType(entry) {
  return entry.isType;
}
