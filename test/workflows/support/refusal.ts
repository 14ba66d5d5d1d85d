/** Every message of the chain with which a promise rejects; says so where it doesn't. */
export async function refusalOf(rejecting: Promise<unknown>): Promise<string> {
  let error: unknown = await rejecting.then(
    () => new Error('nothing was refused'),
    (refusal: unknown) => refusal,
  );
  const messages: string[] = [];
  for (; error instanceof Error; error = error.cause) messages.push(error.message);
  return messages.join('; ');
}
