import { type ComponentChildren, Fragment } from 'preact';
import { DocumentLink } from './links.js';
import { Modal } from './modal.js';

const KEYS = [
  ['Shift + S', 'Stop, at once; in a dialog too'],
  ['Alt + Shift + S', 'Stop, also while you type'],
  ['C', 'Close all (asks)'],
  ['R', 'Resume (asks)'],
  ['1 to 9', 'Show that symbol’s prices'],
  ['?', 'This help'],
  ['Esc', 'Close a dialog'],
] as const;

const MODES = [
  ['ACTIVE', 'Enters and leaves positions, within the limits.'],
  ['REDUCING', 'Only orders that make a position smaller.'],
  ['HALTED', 'Only cancels, protective stops, and the orders of a close-all.'],
  ['KILLED', 'As halted; two people are needed to resume.'],
] as const;

const WORDS = [
  ['Market time', 'That of the prices. It is wall time with live prices only.'],
  ['Reconciliation', 'Orders and positions here, compared with those that the venue has.'],
  ['Protection', 'Whether the venue confirmed the stop order of a position.'],
  ['Drawdown', 'How far equity is below its highest value.'],
  ['Round trip', 'From flat to flat again: an entry and all that closed it.'],
  ['Profit factor', 'What the winning round trips made, divided by what the losing ones lost.'],
  [
    'Sharpe ratio',
    'Mean hourly return divided by its standard deviation, annualised. Needs a day of equity.',
  ],
] as const;

const GUIDES = [
  ['TOUR', 'Main guide'],
  ['DEPLOY', 'Deployment'],
  ['INCIDENTS', 'Incidents'],
  ['VALIDATION', 'Testing'],
] as const;

export function HelpDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Modal title="Keyboard and words" onClose={onClose}>
      <div class="help-lists">
        <Explained list={KEYS.map(([key, what]) => [<kbd key={key}>{key}</kbd>, what])} />
        <Explained list={MODES} />
        <Explained list={WORDS} />
        <p>
          Guides:{' '}
          {GUIDES.map(([to, title]) => (
            <Fragment key={to}>
              <DocumentLink to={to}>{title}</DocumentLink>{' '}
            </Fragment>
          ))}
        </p>
      </div>
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Modal>
  );
}

type Line = readonly [ComponentChildren, string];

function Explained({ list }: { readonly list: readonly Line[] }) {
  return (
    <dl class="help">
      {list.map(([term, what]) => (
        <div key={what}>
          <dt>{term}</dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}
