/** R: cookies of a call are sent only to the host that set them, never to another host or by another call. */
import { describe, expect, it } from '@jest/globals';
import { answer, headerOf, pathOf } from '../../lib/web/rawServer.ts';
import { pngOf } from '../../support/pictures.ts';
import { startHostileService, VERSIONS } from './support/hostileService.ts';

const HTML = { 'Content-Type': 'text/html' };

describe.each(VERSIONS)('R: a cookie over %s', (version) => {
  it('that a page sets with a redirect to itself opens the page and its pictures, and goes nowhere else', async () => {
    await using service = await startHostileService({
      version,
      respond: (socket, head) => {
        const path = pathOf(head);
        const isKnown = /\bkey=1\b/.test(headerOf(head, 'cookie') ?? '');
        const isOther = headerOf(head, 'host')?.startsWith('other.test') === true;
        if (path.startsWith('/page') && !isKnown) {
          const given = { 'Set-Cookie': 'key=1; Path=/; Domain=test' };
          socket.write(answer(302, { Location: path, ...given }));
        } else if (path.startsWith('/page')) {
          const other = service.url('/elsewhere.png').replace('good.test', 'other.test');
          socket.write(answer(200, HTML, `<img src=/own.png><img src="${other}">`));
        } else if (isKnown || isOther) {
          socket.write(
            answer(200, { 'Content-Type': 'image/png', 'Set-Cookie': 'mine=1; Path=/' }, pngOf(1)),
          );
        } else socket.write(answer(403));
      },
    });
    for (const page of ['/page1', '/page2']) {
      const { code, body } = await service.post(service.url(page));
      expect([code, body.counts]).toMatchObject(['OK', { items: 2, skipped: 0 }]);
    }
    const seen = service.site.heads.map((head) => `${pathOf(head)} ${headerOf(head, 'cookie') ?? 'none'}`);
    const ofCall = (page: string) => [`${page} none`, `${page} key=1`];
    expect(seen.toSorted()).toEqual(
      [
        ...ofCall('/page1'),
        ...ofCall('/page2'),
        ...Array(2).fill('/own.png key=1'),
        ...Array(2).fill('/elsewhere.png none'),
      ].sort(),
    );
  });

  it('for its own sake ends no loop of redirects: after 20 it is given up', async () => {
    await using service = await startHostileService({
      version,
      config: { redirectsMax: 20 },
      respond: (socket, head, index) =>
        socket.write(answer(302, { Location: pathOf(head), 'Set-Cookie': `c${index}=${'x'.repeat(4_000)}` })),
    });
    const { code, body } = await service.post(service.url('/page'));
    expect([code, body.reason]).toEqual(['PAGE_UNREACHABLE', 'redirects']);
    expect(service.site.heads).toHaveLength(21);
    const longest = Math.max(...service.site.heads.map((head) => head.length));
    expect(longest).toBeLessThan(9 * 1024);
  });
});
