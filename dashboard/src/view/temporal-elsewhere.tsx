interface TemporalElsewhereProps {
  /** Port of Temporal’s UI on the desk’s machine. */
  readonly port: string;
  readonly onOpen: () => void;
  readonly onDismiss: () => void;
}

/**
 * Shown at the desk’s public address, where a link to Temporal’s UI would leave a phone on a page that does not
 * answer.
 */
export function TemporalElsewhere({ port, onOpen, onDismiss }: TemporalElsewhereProps) {
  return (
    <section class="notice caution elsewhere" aria-label="Temporal’s UI" data-testid="temporal-elsewhere">
      <p role="status">
        That is in Temporal’s UI, which has no public address. What was seen and done is here, too, under
        Routines and Incidents. On the desk’s machine, or through{' '}
        <code>{`ssh -L ${port}:127.0.0.1:${port}`}</code>, it opens all the same.
      </p>
      <button type="button" class="link" onClick={onOpen}>
        Open it
      </button>
      <button type="button" class="link" onClick={onDismiss}>
        Dismiss
      </button>
    </section>
  );
}
