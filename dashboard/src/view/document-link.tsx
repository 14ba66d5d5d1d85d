import type { ComponentChildren } from 'preact';

interface DocumentLinkProps {
  /** Its name below /docs, with `#` and a section where one is meant. */
  readonly to: string;
  readonly children: ComponentChildren;
}

/** One of our documents, which the desk serves itself, in a tab of its own. */
export function DocumentLink({ to, children }: DocumentLinkProps) {
  return (
    <a class="link" href={`/docs/${to}`} target="_blank" rel="noopener">
      {children}
    </a>
  );
}
