import { describe, expect, it } from '@jest/globals';
import { readOptions } from '../../../local-stack/smoke/options.ts';

describe('readOptions', () => {
  it('means the compose stack on its usual ports when nothing is said', () => {
    expect(readOptions([], {})).toMatchObject({
      api: 'http://localhost:8080',
      siteFromApi: 'http://nginx',
      store: 'http://localhost:9000',
      prometheus: 'http://localhost:9090',
      mayBeDown: [],
    });
  });

  it('leaves out what npm start does not have', () => {
    const { site, siteFromApi, store, proxiedApi, prometheus, grafana } = readOptions(['start'], {});
    expect(siteFromApi).toBe(site);
    expect([store, proxiedApi, prometheus, grafana]).toEqual([null, null, null, null]);
  });

  it('takes the site where the API reaches it from --site in a stack that has one address for both', () => {
    expect(readOptions(['start', '--site', 'http://a:1/'], {}).siteFromApi).toBe('http://a:1');
    expect(readOptions(['compose', '--site', 'http://a:1/'], {}).siteFromApi).toBe('http://nginx');
  });

  it('finds the ports in the settings of the stack', () => {
    expect(readOptions([], { API_PORT: '1', SITE_PORT: '2', MINIO_PORT: '' })).toMatchObject({
      api: 'http://localhost:1',
      proxiedApi: 'http://localhost:2/api',
      store: 'http://localhost:9000',
    });
    expect(readOptions(['start'], { PORT: '1', SITE_PORT: '2' })).toMatchObject({
      api: 'http://localhost:1',
      siteFromApi: 'http://localhost:2',
    });
  });

  it('changes each part by a flag, and switches a part off', () => {
    const args = [
      '--api',
      'https://api.example/',
      '--grafana',
      'off',
      '--may-be-down',
      'a',
      '--may-be-down=b',
    ];
    expect(readOptions(args, {})).toMatchObject({
      api: 'https://api.example',
      grafana: null,
      mayBeDown: ['a', 'b'],
    });
  });

  it.each([
    ['an unknown stack', ['elsewhere'], 'There is no stack "elsewhere": name compose or start.'],
    ['two stacks', ['start', 'compose'], 'There is no stack "start compose"'],
    ['no URL', ['--api', 'localhost:8080'], '--api must be an http(s) URL, not "localhost:8080".'],
    ['a needed part switched off', ['--site', 'off'], '--site must be an http(s) URL, not "off".'],
    ['an unknown flag', ['--redis', 'x'], "Unknown option '--redis'"],
  ])('refuses %s in one sentence', (_, args, message) => {
    expect(() => readOptions(args, {})).toThrow(message);
  });
});
