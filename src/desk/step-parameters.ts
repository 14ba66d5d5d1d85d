/** What a step of a routine was given with `with:`. */
export type StepParameters = Readonly<Record<string, string | number | boolean>>;

/** A threshold from the desk file, or its default where the desk file gives none. */
export function numberOf(parameters: StepParameters, key: string, otherwise: number): number {
  const given = parameters[key];
  if (given === undefined) return otherwise;
  if (typeof given === 'number' && Number.isFinite(given)) return given;
  throw new Error(`the desk file's "with.${key}" is not a number: ${String(given)}`);
}
