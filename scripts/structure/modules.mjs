// What each file of src imports, parsed from its syntax, values and types separately; and whether its classes
// use `private`.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync, Visitor } from 'vite';

/**
 * @typedef {{ readonly to: string, readonly isType: boolean, readonly isLazy?: boolean }} Import  `to`: a path below `root`, or
 *   `package:NAME`; lazy: `import()`
 * @typedef {{ readonly path: string, readonly lines: number, readonly text: string, readonly imports: readonly Import[],
 *   readonly saysPrivate: boolean }} Module  `saysPrivate`: a class has a member marked `private`, other than
 *   its constructor or a readonly parameter of it; `#` is our way
 */

/**
 * Every TypeScript file below `folder`, with paths relative to `root`.
 * @returns {Module[]}
 */
export function readModules(root, folder) {
  return filesBelow(join(root, folder)).map((file) => {
    const text = readFileSync(file, 'utf8');
    const { found, saysPrivate } = parsed(file, text);
    const imports = found.map(({ specifier, ...how }) => ({
      to: specifier.startsWith('.')
        ? relative(root, resolve(dirname(file), specifier)).replace(/\.js$/, '.ts')
        : `package:${specifier}`,
      ...how,
    }));
    return { path: relative(root, file), lines: text.split('\n').length - 1, text, imports, saysPrivate };
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

function parsed(file, text) {
  const parsing = parseSync(file, text);
  const { module, errors } = parsing;
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
  let saysPrivate = false;
  // To read the tree takes longer than to parse the file, and few files say any of what is looked for there.
  if (!/\bprivate\b|\bimport\s*\(/.test(text)) return { found, saysPrivate };
  const noteMember = ({ accessibility, kind }) => {
    // A constructor that only the class calls has no other way to say so.
    if (accessibility === 'private' && kind !== 'constructor') saysPrivate = true;
  };
  new Visitor({
    PropertyDefinition: noteMember,
    MethodDefinition: noteMember,
    TSParameterProperty: ({ accessibility, readonly }) => {
      if (accessibility === 'private' && !readonly) saysPrivate = true;
    },
    ImportExpression: ({ source }) => {
      if (typeof source.value === 'string')
        found.push({ specifier: source.value, isType: false, isLazy: true });
    },
    TSImportType: ({ source }) => found.push({ specifier: source.value, isType: true }),
  }).visit(parsing.program);
  return { found, saysPrivate };
}

function isType(entry) {
  return entry.isType;
}
