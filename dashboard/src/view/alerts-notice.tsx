import type { AlertChannel, LiveState } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { ActionNotice, useAction } from './action.js';
import { DocumentLink } from './links.js';
import { Words } from './words.js';

const WHAT_TO_DO: Readonly<Record<AlertChannel, string>> = {
  telegram: 'TELEGRAM#whether-alerts-arrive',
  mail: 'MAIL#whether-mail-arrives',
};

interface AlertsNoticeProps extends Pick<LiveState, 'alerts'> {
  readonly api: DeskApi;
  readonly mayTest: boolean;
}

/** Shown above every section: people who get no notices must learn that from somewhere. */
export function AlertsNotice({ alerts, api, mayTest }: AlertsNoticeProps) {
  const action = useAction();
  const problems = alerts.filter(({ problem }) => problem !== null);
  const test = async (channel: AlertChannel) => {
    const { ok, detail } = await api.testAlert(channel);
    return { text: detail, tone: ok ? 'go' : 'caution' } as const;
  };
  return (
    <div class="alerts-place" role="status" aria-live="polite">
      {problems.map(({ channel, problem }) => (
        <div class="notice alarm" key={channel} data-testid="alerts-problem">
          <p>
            <Words text={problem ?? ''} /> <DocumentLink to={WHAT_TO_DO[channel]}>What to do</DocumentLink>
          </p>
          {mayTest && (
            <button
              type="button"
              class="button small"
              disabled={action.busy}
              onClick={() => void action.run(() => test(channel))}
            >
              {action.busy ? 'Sending…' : 'Send a test alert'}
            </button>
          )}
        </div>
      ))}
      {(problems.length > 0 || action.result !== null) && <ActionNotice action={action} />}
    </div>
  );
}
