/** The description of the API and its page, as the sample site serves them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { REFERENCE_HEADERS } from '../../../local-stack/front/referenceHeaders.ts';
import { type Site, startSite } from '../../../local-stack/front/site.ts';
import { ROOT } from '../../support/startApp.ts';

describe('the sample site', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite({ folder: join(ROOT, 'static'), host: '127.0.0.1', port: 0 });
  });
  afterAll(() => site.close());
  const here = (path: string) => `${site.url}${path}`;

  it('serves the description as it is in docs', async () => {
    const response = await fetch(here('/openapi.yaml'));
    expect(response.headers.get('content-type')).toBe('application/yaml');
    expect(await response.text()).toBe(await readFile(join(ROOT, 'static/openapi.yaml'), 'utf8'));
  });

  it('serves the reference page, which is whole without a script', async () => {
    const response = await fetch(here('/reference/'));
    const html = await response.text();
    expect(html).toBe(await readFile(join(ROOT, 'static/reference/index.html'), 'utf8'));
    // Nothing that the policy would refuse, and nothing from elsewhere.
    expect(html).not.toMatch(/<(?:script|style|iframe|object|form)\b|<[^>]*\s(?:style|on\w+)=/);
    const links = [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !/^(?:#|\/(?!\/)|reference\.css$)/.test(link))).toEqual([]);
    expect(Object.fromEntries(response.headers)).toMatchObject(lowerCased(REFERENCE_HEADERS));
    for (const path of ['/reference/reference.css', '/console/look.css']) {
      expect(html).toContain(`href="${path.replace('/reference/', '')}"`);
      expect((await fetch(here(path))).headers.get('content-type')).toMatch(/^text\/css/);
    }
    // Whatever the port of the service is.
    expect(html).not.toContain('http://localhost:8080');
    const targets = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(targets.length).toBeGreaterThan(10);
    expect(targets.filter((id) => !html.includes(`id="${id}"`))).toEqual([]);
  });

  it('is served by Nginx of the stack with the same headers', async () => {
    const conf = await readFile(join(ROOT, 'local-stack/nginx/nginx.conf'), 'utf8');
    const block = /location \/reference\/ \{([^}]*)\}/.exec(conf)?.[1] ?? '';
    for (const [name, value] of Object.entries(REFERENCE_HEADERS)) {
      expect(block).toMatch(new RegExp(`add_header ${name} "?${value}"? always;`));
    }
    expect(/location = \/openapi\.yaml \{[^}]*\}[^}]*\}/.exec(conf)?.[0]).toContain('application/yaml');
  });
});

const lowerCased = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
