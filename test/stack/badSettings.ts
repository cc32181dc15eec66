/** Tries the stack with settings that cannot be used. */
import { DOWN, SERVICES, type Stack } from './stack.ts';
import { check, type Steps } from './steps.ts';

/** Each fault must be one clear sentence, and only the check itself may have started. */
export async function refuseBadSettings({ step }: Steps, stack: Stack): Promise<void> {
  const cases = [
    {
      what: 'a secret is missing',
      settings: { MINIO_ROOT_PASSWORD: '' },
      says: /MINIO_ROOT_PASSWORD (must be|is missing)/,
    },
    // Compose reads this setting before any service does, so the text is from Compose, the older version first.
    {
      what: 'a port is no number',
      settings: { API_PORT: 'eighty' },
      says: /services\.app\.ports contains an invalid type|invalid hostPort: eighty/,
    },
    // Only the newer Compose checks this setting itself.
    {
      what: 'a port is too large',
      settings: { API_PORT: '99999' },
      says: /API_PORT must be|hostPort: 99999/,
    },
    {
      what: 'a password is too short',
      settings: { GRAFANA_ADMIN_PASSWORD: 'x' },
      says: /GRAFANA_ADMIN_PASSWORD must be/,
    },
    {
      what: 'the cache is too large for its container',
      settings: { REDIS_MAXMEMORY: '256mb' },
      says: /REDIS_MEM_LIMIT must be at least 768m/,
    },
    { what: 'a limit is no number', settings: { PAGE_MAX_BYTES: 'lots' }, says: /PAGE_MAX_BYTES must be/ },
  ];
  for (const { what, settings, says } of cases) {
    await step(`${stack.client}, refused in a sentence: ${what}`, async () => {
      const { code, text } = await stack.composeWith(settings, 'up', '--detach', '--no-build');
      const told = `${text}\n${(await stack.composeWith({}, 'logs', '--no-color', 'settings')).text}`;
      const running = await stack.composeWith({}, 'ps', '--services', '--filter', 'status=running');
      const services = running.text
        .split('\n')
        .filter((line) => SERVICES.some((service) => service === line));
      await stack.composeWith({}, ...DOWN);
      check(code !== 0, 'it came up');
      check(running.code === 0, `what runs cannot be seen: ${running.text}`);
      const sentence = told.split('\n').find((line) => says.test(line));
      check(sentence !== undefined, `no word of it: ${told.trim().slice(-500)}`);
      check(!/Traceback|^\s+at /m.test(told), `a stack trace: ${told.trim().slice(-500)}`);
      check(services.length === 0, `started all the same: ${services.join(', ')}`);
      return sentence.trim();
    });
  }
}
