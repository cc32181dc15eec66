import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../../lib/config.ts';
import { readTogether, SettingsError } from '../../lib/settingsError.ts';
import { readLocalSettings } from '../../local-stack/settings/settings.ts';

describe('two readers of one environment', () => {
  const read = (env: Record<string, string>) =>
    readTogether(
      () => readLocalSettings(env),
      () => readConfig({ S3_BUCKET: 'images', ...env }),
    );

  it('are both read', () => {
    expect(read({ PORT: '8090' })).toMatchObject([{ apiPort: 8090 }, { port: 8090 }]);
  });

  it('report the faults of both together, and of a setting of both one', () => {
    expect(() => read({ PORT: 'x', S3_PORT: 'y', HARVESTS_MAX: '0' })).toThrow(
      new SettingsError([
        'PORT must be a port number from 1 to 65535, not "x".',
        'S3_PORT must be a port number from 1 to 65535, not "y".',
        'HARVESTS_MAX must be a whole number from 1 to 1000, not "0".',
      ]),
    );
  });

  it('let a bug through as it is', () => {
    const bug = new TypeError('a bug');
    const fail = () => {
      throw bug;
    };
    expect(() => readTogether(() => 1, fail)).toThrow(bug);
  });
});
