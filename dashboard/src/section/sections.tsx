/** Every section but the desk itself, in one part of the page that is loaded once the buttons are there. */
import type { ResumeDecided, TraderStatus } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import type { Session } from '../connection/session.js';
import type { Tab } from '../view/tabs.js';
import { Audit } from './audit.js';
import { Contracts } from './contracts.js';
import { GoLive } from './go-live.js';
import { Incidents } from './incidents.js';
import { Journal } from './journal.js';
import { Passkeys } from './passkeys.js';
import { People } from './people.js';
import { Results } from './results.js';
import { Routines } from './routines.js';
import { Settings } from './settings.js';
import { Setups } from './setups.js';
import { Size } from './size.js';
import { Strategies } from './strategies.js';
import { ThisBrowser } from './this-browser.js';

interface SectionProps {
  readonly tab: Exclude<Tab, 'desk'>;
  /** The item shown there; empty for all. */
  readonly of: string;
  readonly api: DeskApi;
  readonly session: Session;
  /** Null before the trader's first status. */
  readonly status: TraderStatus | null;
  readonly decided: readonly ResumeDecided[];
}

export function Section({ tab, of, api, session, status, decided }: SectionProps) {
  const mayOperate = session.roles.includes('operator');
  switch (tab) {
    case 'results':
      return <Results api={api} />;
    case 'setups':
      return <Setups api={api} id={of} />;
    case 'journal':
      return <Journal api={api} mayNote={session.mayStop} />;
    case 'strategies':
      return <Strategies api={api} mayOperate={mayOperate} />;
    case 'day':
      return <Routines api={api} mayOperate={mayOperate} />;
    case 'people':
      return <People api={api} person={session.person} roles={session.roles} decided={decided} />;
    case 'incidents':
      return <Incidents api={api} roles={session.roles} />;
    case 'go-live':
      return <GoLive api={api} roles={session.roles} />;
    case 'settings':
      return (
        <>
          {status !== null && (
            <Size api={api} person={session.person} status={status} mayChange={session.mayStop} />
          )}
          {status?.contracts !== undefined && status.contracts.length > 0 && (
            <Contracts api={api} contracts={status.contracts} mayRoll={mayOperate} />
          )}
          <Settings api={api} mayOperate={mayOperate} />
          <Passkeys api={api} person={session.person} mayApprove={session.roles.includes('approver')} />
          <ThisBrowser api={api} />
        </>
      );
    case 'audit':
      return <Audit api={api} />;
  }
}
