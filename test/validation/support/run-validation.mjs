// The program of a validation from its sources, as a process that a test can kill.
import { register } from 'tsx/esm/api';

register();
await import('../../../src/validation/run-validation.ts');
