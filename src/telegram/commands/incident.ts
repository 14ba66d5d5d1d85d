/** /incident TITLE: a person reports what no check has seen. Further lines are the description. */
import { MAY_STOP } from '../../domain/roles.js';
import { acknowledgeButton } from '../../notify/incident-notice.js';
import { answer, missingRole, runLines, runOf } from '../bot-context.js';
import { type ChatCommand, sentAgo } from './command.js';

const HOW_TO_WRITE =
  'Write it so: /incident Withdrawals are slow\nMore lines say what was seen. One of the desk’s own kinds: /incident kind:NAME TITLE';

export const incidentCommand: ChatCommand = {
  name: 'incident',
  description: 'report that something is wrong: /incident TITLE',
  help: '/incident TITLE: report that something is wrong; more lines say what was seen',
  run: async (context, person, { chatId, updateId, sentMs, argument }) => {
    const refusal = missingRole(person, MAY_STOP);
    if (refusal !== null) {
      await answer(context, chatId, refusal);
      return;
    }
    const [first = '', ...seen] = argument.split(/\s*[\r\n]+\s*/);
    const [, kind, title = ''] = /^(?:kind:(\S+)\s*)?(.*)$/u.exec(first) ?? [];
    const detail = [seen.join(' '), sentAgo(sentMs, context.nowMs()) ?? ''].filter(Boolean).join('; ');
    const opened = await context.operations.openIncident(
      { person: person.name, via: 'telegram' },
      // An update that is read again, because the bot was killed before confirming it, is the same report.
      {
        ...(kind === undefined ? {} : { kind }),
        title,
        detail,
        commandId: `telegram:${context.desk.desk}:${updateId}`,
      },
    );
    const { ok, incident, problems } = opened;
    const lines = [
      `${ok ? '✅' : '❌'} ${opened.detail}`,
      ...problems.map((problem) => `! ${problem}`),
      ...runLines(runOf(context, opened)),
    ];
    if (!ok) lines.push(HOW_TO_WRITE);
    await answer(context, chatId, lines.join('\n'), incident === null ? [] : [acknowledgeButton(incident)]);
  },
};
