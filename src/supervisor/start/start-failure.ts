/** A start that failed; whatever it had started was stopped again. Every text is for a person. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';

  constructor(
    message: string,
    readonly doThis: string,
    readonly keptSafe = 'everything that this start had begun was ended again; the journal and the books are untouched',
  ) {
    super(message);
  }
}
