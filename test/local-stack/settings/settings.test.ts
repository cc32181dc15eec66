import { describe, expect, it } from '@jest/globals';
import { readLocalSettings } from '../../../local-stack/settings/settings.ts';

describe('local settings', () => {
  it('have defaults for everything', () => {
    expect(readLocalSettings({})).toMatchObject({
      host: '127.0.0.1',
      apiPort: 8080,
      lambdaPort: 3002,
      sitePort: 8081,
      objectStorePort: 9000,
      redisPort: null,
      dataFolder: expect.stringMatching(/\.local$/),
    });
  });

  it.each([
    ['1', 1],
    ['65535', 65_535],
    [' 8090 ', 8090],
    ['', 8080],
  ])('take %j as a port', (PORT, expected) => {
    expect(readLocalSettings({ PORT }).apiPort).toBe(expected);
  });

  it.each(['0', '65536', '80a', '-1', '1e3', '123456'])('refuse %j as a port', (PORT) => {
    expect(() => readLocalSettings({ PORT })).toThrow(
      `PORT must be a port number from 1 to 65535, not "${PORT}".`,
    );
  });

  it('take exact host names without a port', () => {
    const { allowedHosts } = readLocalSettings({
      ALLOWED_HOSTS: ' App., nginx,,192.168.1.5 ,[FE80::1],bücher.test',
    });
    expect(allowedHosts).toEqual(['app', 'nginx', '192.168.1.5', '[fe80::1]', 'xn--bcher-kva.test']);
    expect(readLocalSettings({}).allowedHosts).toEqual([]);
  });

  it.each(['*', '*.test', 'app:80', 'http://app', 'app/', 'a b', 'user@app', '[::1'])(
    'refuse %j as a host name',
    (name) => {
      expect(() => readLocalSettings({ ALLOWED_HOSTS: `app,${name}` })).toThrow(
        `ALLOWED_HOSTS has "${name}", which is not an exact host name without a port.`,
      );
    },
  );

  it('report all faults together', () => {
    expect(() => readLocalSettings({ PORT: 'x', S3_PORT: 'y' })).toThrow(/PORT.*"x"\.\n- S3_PORT.*"y"\./s);
  });

  it('switch the sample site off', () => {
    expect(readLocalSettings({ SITE_PORT: 'off' }).sitePort).toBeNull();
  });

  it('take an absolute data folder as it is', () => {
    expect(readLocalSettings({ LOCAL_DATA: '/somewhere/else' }).dataFolder).toBe('/somewhere/else');
  });
});
