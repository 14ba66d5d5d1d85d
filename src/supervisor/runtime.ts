export * from '../home/runtime.js';
