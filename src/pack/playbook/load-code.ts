/** How the code of a playbook is begun: the same where it is described and where it runs. Imports nothing. */

/** As `compile-playbook.ts` makes it. */
export type PlaybookFactory = (
  module: { exports: unknown },
  exports: unknown,
  require: (name: string) => unknown,
) => void;

/** Its default export; undefined: it has none. Throws what its code throws. */
export function definitionIn(
  factory: PlaybookFactory,
  names: Readonly<Record<'fermata/pack' | 'zod', unknown>>,
): unknown {
  const module = { exports: {} as { readonly default?: unknown } };
  factory(module, module.exports, (name) => names[name as keyof typeof names]);
  return module.exports.default;
}
