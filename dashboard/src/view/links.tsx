/** Links to what is elsewhere: a run, a document, a setup. */
import type { ComponentChildren } from 'preact';

/** Opens one run in Temporal's UI, in a new tab that signs in there by itself (`app.tsx`). */
export function RunLink({
  workflowId,
  runId,
}: {
  readonly workflowId: string;
  /** Chooses one of several runs with that workflow id; without it the newest. */
  readonly runId?: string;
}) {
  const of = runId === undefined ? '' : `&of=${runId}`;
  const href = `#run=${encodeURIComponent(workflowId)}${of}`;
  return (
    <a class="link run-link" href={href} target="_blank" rel="noopener">
      Temporal
    </a>
  );
}

interface DocumentLinkProps {
  /** Its name below /docs, optionally with `#` and a section. */
  readonly to: string;
  readonly children: ComponentChildren;
}

/** A link to one of our documents, which the desk serves itself; opens in a new tab. */
export function DocumentLink({ to, children }: DocumentLinkProps) {
  return (
    <a class="link" href={`/docs/${to}`} target="_blank" rel="noopener">
      {children}
    </a>
  );
}

export const SetupLink = ({ id }: { readonly id: string }) => <a href={`#/setups/${id}`}>{id}</a>;
