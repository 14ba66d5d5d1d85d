import { useState } from 'preact/hooks';
import type { ResumeDecided } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { type Action, ActionNotice, useAction } from '../view/action.js';
import { Panel } from '../view/panel.js';
import { decidedWords } from '../view/why.js';
import { Approvals } from './approvals.js';
import { Coins } from './coins.js';
import { Tasks } from './tasks.js';

interface PeopleProps {
  readonly api: DeskApi;
  readonly person: string;
  readonly roles: readonly string[];
  readonly decided: readonly ResumeDecided[];
}

export function People({ api, person, roles, decided }: PeopleProps) {
  const [looked, setLooked] = useState(0);
  const action = useAction();
  const act: Action = {
    ...action,
    run: async (work) => {
      const done = await action.run(work);
      setLooked((before) => before + 1);
      return done;
    },
  };
  return (
    <div class="sections">
      <ActionNotice action={act} />
      {decided.length > 0 && (
        <Panel title="Resume" area="section" aside={decided.length}>
          {decided.map((one) => (
            <p key={one.person}>{decidedWords(one)}</p>
          ))}
          <p>
            It waits for another person: <b>Resume</b>, above, asks first.
          </p>
        </Panel>
      )}
      <Coins api={api} person={person} mayApprove={roles.includes('approver')} action={act} looked={looked} />
      <Approvals api={api} person={person} roles={roles} action={act} looked={looked} />
      <Tasks
        api={api}
        mayDo={roles.some((role) => role === 'operator' || role === 'approver')}
        action={act}
        looked={looked}
      />
    </div>
  );
}
