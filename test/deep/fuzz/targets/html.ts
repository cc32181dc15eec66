/** Pages: whatever the markup, what is discovered can be fetched, stands once, and is found again. */

import type { ReadStylesheet } from '../../../../lib/discovery/css/stylesheets.ts';
import { discoverImages } from '../../../../lib/discovery/discoverImages.ts';
import type { Discovery } from '../../../../lib/domain/model.ts';
import { Problem } from '../../../../lib/domain/problem.ts';
import { demand, demandAlike, type Target } from '../target.ts';
import { samplePages } from './samples.ts';

const URL_OF_PAGE = new URL('https://site.test/a/page.html?q');
const FINAL_URL = new URL('https://site.test/b/');
const TYPES = [
  undefined,
  'text/html',
  'text/html; charset=windows-1251',
  'text/html; charset=utf-16le',
  'text/html;charset=x',
];
const SHEET = Buffer.from('@import "/more.css";.a{background:url(sheet.png),image-set("x.png" 2x)}');
const DATA = /^data:[^\s;,/]+\/[^\s;,]+;sha256,[0-9a-f]{32}$/;

const SEEDS = [
  '<p><img src=a.png srcset="b.png 2x, c.png 640w" alt=x loading=lazy data-src=d.png>',
  '<picture><source srcset="a.webp 1x" media="(x)"><img src=a.png></picture><noscript><img src=n.png></noscript>',
  '<base href=/base/><body background=bg.png style="background:url(s.png)"><table background="t.png"><td>',
  '<style>@import url(a.css);.a{background:url(a.png)}</style><link rel="stylesheet" href=b.css><link rel=icon href=i.ico>',
  '<meta property=og:image content=/og.png><script type="application/ld+json">{"image":["a.png",{"url":"b.png"}]}</script>',
  '<svg><image href=a.svg /><image xlink:href="b.svg"/><foreignObject><img src=f.png></foreignObject></svg>',
  '<template><img src=no.png></template><video poster=p.png><object data=o.png type=image/png><embed src=e.gif>',
  '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><div data-bg="url(x.png)" data-lazy="y.jpg"><amp-img src=z.webp>',
  '<img src="./" srcset="../a/page.html?q 2x, ../a/page.html?q#f 3x"><img src=""><img src="#f"><a href=no.png>',
  '<meta charset=shift_jis><img src="%e3%81%82.png"><!-- <img src=c.png> --><textarea><img src=t.png></textarea>',
];

const WORDS = [
  '<img ',
  '<img src=',
  '<picture>',
  '<source ',
  '<noscript>',
  '</noscript>',
  '<style>',
  '</style>',
  '<svg>',
  '<image ',
  '<math>',
  '<template>',
  '<base href=',
  '<meta ',
  '<link rel=',
  '<script type="application/ld+json">',
  '</script>',
  '<table>',
  '<td>',
  '<select>',
  '<option>',
  '<frameset>',
  '<body ',
  '<html ',
  '<a>',
  '<b>',
  '<p>',
  '</p>',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<!doctype html>',
  'srcset=',
  'data-src=',
  'data-srcset=',
  'data-bg=',
  'poster=',
  'background=',
  'style="background:url(',
  'content=',
  'property=og:image ',
  'itemprop=image ',
  'href=',
  'xlink:href=',
  'imagesrcset=',
  'type=image',
  'rel=preload as=image ',
  '"',
  "'",
  '>',
  '/>',
  '=',
  '&amp;',
  '&#x',
  '&',
  'http://',
  '//',
  '../',
  'data:image/png;base64,',
  'data:,',
  'javascript:',
  '\0',
  '\xff',
  '{"image":',
  'charset=utf-16',
];

const readStylesheet: ReadStylesheet = async (url) => ({
  kind: 'read',
  bytes: SHEET,
  contentType: 'text/css',
  finalUrl: url,
});

export const target: Target = {
  name: 'html',
  seeds: () => [...SEEDS.map((seed) => Buffer.from(seed)), ...samplePages()],
  words: WORDS,
  msPerKib: 15,
  async check(input) {
    const first = await discover(input);
    checkDiscovery(first);
    demandAlike('a second reading finds something else', first, await discover(input));
  },
};

/** The header that the page comes with is chosen by its length. A page that cannot be held in memory has nothing. */
async function discover(html: Buffer): Promise<Discovery> {
  const contentType = TYPES[html.length % TYPES.length];
  try {
    return await discoverImages(
      { html, contentType, url: URL_OF_PAGE, finalUrl: FINAL_URL },
      { readStylesheet },
    );
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'CONTENT_UNSUPPORTED')) throw error;
    return { candidates: [], warnings: [], sources: [] };
  }
}

function checkDiscovery({ candidates }: Discovery): void {
  const urls = candidates.map(({ url }) => url);
  demand(new Set(urls).size === urls.length, 'a URL is there twice', urls);
  const slots = new Set<number>();
  const bestSlots = new Set<number>();
  for (const { url, data, places, isBest } of candidates) {
    if (data === undefined) {
      demand(/^https?:\/\/[^#]*$/.test(url), 'a URL is not absolute http(s) without fragment', url);
      demand(URL.parse(url)?.href === url, 'a URL is not as the parser writes it', url);
      demand(
        url !== URL_OF_PAGE.href && url !== FINAL_URL.href,
        'the page itself is taken for an image',
        url,
      );
    } else {
      demand(DATA.test(url), 'a data: image has another name', url);
    }
    demand(places.length >= 1 && places.length <= 20, 'the places are none or too many', places.length);
    for (const { element, attribute, slot, descriptor, alt } of places) {
      demand(Number.isSafeInteger(slot) && slot >= 0, 'a slot is no number', slot);
      demand(element !== '' && attribute !== '', 'a place has no name', [element, attribute]);
      demand(element.length <= 100 && attribute.length <= 100, 'a name is too long', [element, attribute]);
      for (const text of [descriptor, alt]) demand(text !== null, 'what is missing is null', places);
      slots.add(slot);
      if (isBest) bestSlots.add(slot);
    }
  }
  // Places beyond the twentieth are not listed.
  if (candidates.every(({ places }) => places.length < 20)) {
    demand(bestSlots.size === slots.size, 'a slot has no best candidate', [slots.size, bestSlots.size]);
    demand(Math.max(-1, ...slots) === slots.size - 1, 'a slot was passed over', [...slots]);
  }
}
