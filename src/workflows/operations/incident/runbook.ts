/** The runbook's steps for each incident kind, in the order in which its playbook does them. Shown in Temporal's UI. */
import type { ShippedKind } from '../../../contracts/incident.js';

export const RUNBOOK: Readonly<Record<ShippedKind, readonly string[]>> = {
  'exchange-down': [
    'Calls are tried again by the adapter, later each time.',
    'The API breaker opens after repeated failures and pauses calls.',
    'No new trade is opened.',
    'Positions stay; their stops are at the exchange, and one that is missing is told at once.',
    'The status page of the exchange is read.',
    'Trading goes on by itself when the exchange is back and the books agree, except after a person’s stop.',
  ],
  'large-drawdown': [
    'Have market conditions changed dramatically?',
    'Which strategies lose?',
    'At the daily loss limit the desk halts for the day.',
    'At maximum drawdown it halts until a person decides.',
    'People are offered smaller positions, and the losing strategies off.',
  ],
  'crash-and-restart': [
    'Is the process running?',
    'The last lines of its log are kept.',
    'It is started again; where it stays down, people are told the command.',
    'Every part begins anew; the books are compared with the venue.',
    'Positions at the exchange were not touched.',
    'What the restart did to the account is said; a paper account is kept.',
    'It is watched for as long as the desk file says.',
  ],
  'strategy-underperforming': [
    'Its statistics.',
    'Has the regime of its markets changed: ranging or trending?',
    'It is switched off by itself after so many losses in a row.',
    'It is looked at again after so many hours.',
    'A person may switch it off: by this incident’s offer, or on the dashboard.',
  ],
  'trading-halted': ['Why trading stopped.', 'Over when the desk trades again.'],
  'step-failed': ['A person looks at it and says when it is over.'],
  reported: ['A person looks at it and says when it is over.'],
};
