import { type Finding, finding } from './finding.js';

const MAJOR_MIN = 20;
const MINOR_MIN = 19;

export async function checkNode(): Promise<Finding> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isEnough = major > MAJOR_MIN || (major === MAJOR_MIN && minor >= MINOR_MIN);
  return finding(
    'Node',
    isEnough ? 'pass' : 'fail',
    process.versions.node,
    `${MAJOR_MIN}.${MINOR_MIN} or newer`,
    `install Node ${MAJOR_MIN}.${MINOR_MIN} or newer`,
  );
}
