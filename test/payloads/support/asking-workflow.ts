import { proxyActivities } from '@temporalio/workflow';

const { look } = proxyActivities<{ look(at: string): Promise<string> }>({ startToCloseTimeout: '20s' });

/** What a check is: one activity whose answer decides. */
export async function asking(at: string): Promise<string> {
  return look(at);
}
