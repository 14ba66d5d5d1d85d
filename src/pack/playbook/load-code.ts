/** Evaluates a playbook's code, the same way for describing it and for running it. Imports nothing. */

/** As made by `compile-playbook.ts`. */
export type PlaybookFactory = (
  module: { exports: unknown },
  exports: unknown,
  require: (name: string) => unknown,
) => void;

/** The playbook's default export; undefined if there is none. Throws what its code throws. */
export function definitionIn(
  factory: PlaybookFactory,
  names: Readonly<Record<'fermata/pack' | 'zod', unknown>>,
): unknown {
  const module = { exports: {} as { readonly default?: unknown } };
  factory(module, module.exports, (name) => names[name as keyof typeof names]);
  return module.exports.default;
}
