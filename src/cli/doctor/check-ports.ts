import { runtimeHere } from '../../home/runtime-here.js';
import { portIsFree } from '../../supervisor/free-port.js';
import { type DoctorContext, type Finding, finding } from './finding.js';

export async function checkPorts({ home, apiPort }: DoctorContext): Promise<Finding> {
  const expected = 'the port of dashboard and API free, or used by this desk';
  const advice = 'end the other program, or give the desk another api.port (0: any free one)';
  if (apiPort === null) {
    return finding('Ports', 'not_run', 'the desk file can’t be read', expected, 'fermata desk check FILE');
  }
  if (apiPort === 0 || (await portIsFree(apiPort))) {
    return finding('Ports', 'pass', apiPort === 0 ? 'any free port' : `${apiPort} is free`, expected, advice);
  }
  const isOurs = runtimeHere(home)?.web.port === apiPort;
  return finding(
    'Ports',
    isOurs ? 'pass' : 'fail',
    `${apiPort} is used by ${isOurs ? 'this desk' : 'another program'}`,
    expected,
    advice,
  );
}
