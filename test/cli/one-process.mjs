// Runs the commands that it is sent, one after another. Each finds the folder and the environment of a process of its own.
import { main } from '../../dist/run/cli.js';

const said = { stdout: '', stderr: '' };
for (const name of ['stdout', 'stderr'])
  process[name].setMaxListeners(0).write = (text, ...others) => {
    said[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
    others.find((other) => typeof other === 'function')?.();
    return true;
  };

async function run({ folder, args, env }) {
  process.chdir(folder);
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  Object.assign(said, { stdout: '', stderr: '' });
  process.exitCode = undefined;
  const code = await main(args);
  process.send({ code, out: said.stdout, err: said.stderr });
}

let before = Promise.resolve();
process.on('message', (command) => {
  before = before.then(() => run(command));
});
process.on('disconnect', () => process.exit());
