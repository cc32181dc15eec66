import { describe, expect, it } from '@jest/globals';
import { inspectImage } from '../../../lib/image/inspectImage.ts';

const XMLNS = 'xmlns="http://www.w3.org/2000/svg"';

async function verdict(bytes: Buffer | string, isDelimited = false): Promise<string> {
  const result = await inspectImage(Buffer.from(bytes), { maxPixels: 1_000, isDelimited });
  return result.ok ? result.facts.contentType : result.code;
}

async function sizeOf(attributes: string): Promise<unknown> {
  const result = await inspectImage(Buffer.from(`<svg ${XMLNS} ${attributes}/>`), {
    maxPixels: 1,
    isDelimited: true,
  });
  return result.ok ? [result.facts.width, result.facts.height] : result.code;
}

const hexNul = Buffer.alloc(1);
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');

describe('an SVG', () => {
  it.each([
    ['a bare root', `<svg ${XMLNS}></svg>`],
    ['a self-closed root', `<svg ${XMLNS}/>`],
    ['an XML declaration', `<?xml version="1.0" encoding="UTF-8"?><svg ${XMLNS}></svg>`],
    ['blanks before it', `\r\n\t <svg ${XMLNS}></svg>`],
    ['a comment with a root in it', `<!-- <html> --><svg ${XMLNS}></svg>`],
    ['a style sheet instruction', `<?xml-stylesheet href="http://127.0.0.1/"?><svg ${XMLNS}></svg>`],
    [
      'a doctype',
      `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg></svg>`,
    ],
    ['a doctype with brackets in quotes', `<!DOCTYPE svg [<!ENTITY a "]>">]><svg></svg>`],
    ['a doctype with brackets in a comment', `<!DOCTYPE svg [<!-- ]> ' -->]><svg></svg>`],
    ['an empty comment and an empty instruction before it', '<!----><??><svg></svg>'],
    ['a doctype with empty quotes and an empty comment', `<!DOCTYPE svg [<!ENTITY a ""><!---->]><svg></svg>`],
    ['NULs behind it', '<svg></svg>\0 \0'],
    ['one NUL behind it', '<svg></svg>\0'],
    ['more content than is looked at', `<svg>${'<g/>'.repeat(40_000)}</svg>`],
    ['a prologue of a mebibyte', `<!--${'-'.repeat(1024 * 1024)} --><svg></svg>`],
    ['a root tag of a mebibyte', `<svg ${XMLNS} data-x="${'>'.repeat(1024 * 1024)}"></svg>`],
    ['a doctype of another name', `<!DOCTYPE html><svg ${XMLNS}></svg>`],
    [
      'a doctype without the prefix that the root has',
      `<!DOCTYPE svg><svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>`,
    ],
    ['any prefix', `<a:svg xmlns:a="http://www.w3.org/2000/svg"></a:svg>`],
    ['drawings in it', '<svg><svg><svg/></svg></svg>'],
    [
      'an end tag in a comment, in character data and in an instruction',
      '<svg><!--</svg>--><![CDATA[</svg>]]><?</svg>?></svg>',
    ],
    ['elements whose names begin as the root does', '<svg><svgs></svgs><svg-x/></svg>'],
    ['a namespace prefix', '<svg:svg xmlns:svg="http://www.w3.org/2000/svg"></svg:svg>'],
    ['a bracket in an attribute', `<svg ${XMLNS} aria-label="a > b"></svg>`],
    ['comments, instructions and blanks behind it', `<svg></svg>\n<!-- end --><?app x?>\n`],
    ['blanks in its end tag', '<svg></svg\n>'],
    ['a script', `<svg onload="alert(1)"><script>alert(1)</script><foreignObject/></svg>`],
    ['entities that would explode', '<!DOCTYPE svg [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><svg>&b;</svg>'],
    ['entities from a file', '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>'],
  ])('may have %s', async (_, text) => {
    expect(await verdict(text)).toBe('image/svg+xml');
  });

  it.each([
    ['UTF-8 with a mark', Buffer.from(`\ufeff<svg ${XMLNS}></svg>`)],
    ['UTF-16LE with a mark', utf16(`\ufeff<svg ${XMLNS}></svg>`)],
    ['UTF-16BE with a mark', utf16(`\ufeff<svg ${XMLNS}></svg>`).swap16()],
    ['UTF-16LE', utf16(`<svg ${XMLNS}></svg>`)],
    ['UTF-16BE', utf16(`<svg ${XMLNS}></svg>`).swap16()],
    ['long UTF-16LE', utf16(`<svg>${'é'.repeat(40_000)}</svg>`)],
    [
      'long UTF-16LE with half a character at its end',
      Buffer.concat([utf16(`<svg>${'é'.repeat(40_000)}</svg>`), hexNul]),
    ],
  ])('may be in %s', async (_, bytes) => {
    expect(await verdict(bytes)).toBe('image/svg+xml');
  });

  it.each([
    ['HTML with a drawing in it', '<!DOCTYPE html><html><body><svg></svg></body></html>'],
    ['HTML without tags of its own', '<!doctype html><svg></svg>'],
    ['XHTML', '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><svg/></html>'],
    ['another XML document', '<rss><svg/></rss>'],
    ['an element with a longer name', '<svgs></svgs>'],
    ['upper case, which XML tells apart', '<SVG></SVG>'],
    ['text before the root', 'Hello <svg></svg>'],
    ['a comment without end', '<!-- <svg></svg>'],
    ['a doctype without end', '<!DOCTYPE svg [<svg></svg>'],
    ['a declaration that is no doctype', '<!ELEMENT svg ANY><svg></svg>'],
    ['a doctype with a quote without end', '<!DOCTYPE svg [\'"]><svg></svg>'],
    ['a doctype with a comment without end', '<!DOCTYPE svg [<!--]><svg></svg>'],
    ['two doctypes', '<!DOCTYPE svg><!DOCTYPE svg><svg></svg>'],
    ['a doctype of another name before a root without namespace', '<!DOCTYPE html><svg></svg>'],
    ['more than a mebibyte of whitespace before its root', `${' '.repeat(1024 * 1024 + 1)}<svg></svg>`],
  ])('is not %s', async (_, text) => {
    expect(await verdict(text)).toBe('NOT_AN_IMAGE');
  });

  it.each([
    ['<svg', false],
    [`<svg ${XMLNS} width="10`, false],
    [`<svg ${XMLNS}>`, true],
    [`<svg ${XMLNS}><path d="M0 0`, true],
    ['<svg><svg></svg><path/>', true],
    ['<svg></svg><!-- cut', true],
    ['<svg>', true],
    ['<svg></svgx', true],
    ['<svg></svg>-->', true],
    ['<svg></svg>?>', true],
    ['<svg></svg> <!-- --', true],
    ['<svg></g>', true],
    ['<svg a="></svg>', false],
    ['<svg><svg></svg>', true],
    ['<svg><svg a="/>"></svg>', true],
    ['<svg><!--</svg>', true],
    ['<svg><![CDATA[</svg>', true],
    ['<svg></svg><![CDATA[', true],
    ['<svg></svg', true],
    ['<svg></svg>text', true],
    ['<svg></svg><svg>', true],
  ])('is cut short as %j, which counts when the transport cannot tell', async (text, hasRoot) => {
    expect(await verdict(text, false)).toBe('IMAGE_TRUNCATED');
    expect(await verdict(text, true)).toBe(hasRoot ? 'image/svg+xml' : 'IMAGE_TRUNCATED');
  });

  it.each([
    ['width="30" height="20"', 30, 20],
    [`width='30px' height = "20PX"`, 30, 20],
    ['width="1in" height="2.54cm"', 96, 96],
    ['width="72pt" height="25.4mm"', 96, 96],
    ['width="2em" height="1.5e1"', 32, 15],
    ['width="30.6" height="0.6"', 31, 1],
    ['width="30.5" height="0.4"', 31, null],
    ['width="1pc" height="2rem"', 16, 32],
    ['width="3ex" height="px"', 24, 150],
    ['width="10rem" height="40Q"', 160, 38],
    ['width="1000000000" height="1000000001"', 1_000_000_000, null],
    ['width="7" height="9" viewBox="0 0 30 20"', 7, 9],
    ['viewBox="0 0 0.5 0.25"', 300, 150],
    ['width="60" viewBox="0 0 0.5 0.25"', 60, 30],
    ['width="10" viewBox="0 0 30 0"', 10, 150],
    ['width="10" viewBox="0 0 30 -5"', 10, 150],
    ['height="10" viewBox="0 0 0 20"', 300, 10],
    ['viewBox="0 0 30 20 1"', 300, 150],
    ['viewBox="0 0 30 20"', 225, 150],
    ['viewBox="0 0 400 100"', 300, 75],
    ['viewBox="0 0 100 400"', 38, 150],
    ['viewBox="0 0 24 24"', 150, 150],
    ['viewBox="0 0 7 3"', 300, 129],
    ['viewBox="0 0 30 20" preserveAspectRatio="none"', 300, 150],
    ['viewBox="0 0 30 20" preserveAspectRatio="xMinYMin"', 225, 150],
    ['viewBox="-5,-5, 30,20"', 225, 150],
    ['width="60" viewBox="0 0 30 20"', 60, 40],
    ['height="10" viewBox="0 0 30 20"', 15, 10],
    ['width="100%" height="100%" viewBox="0 0 30 20"', 225, 150],
    ['width="50%" height="40" viewBox="0 0 30 20"', 60, 40],
    ['width="100%" height="100%"', 300, 150],
    ['width="auto" height="20"', 300, 20],
    ['width="30px;" height="7."', 300, 150],
    ['width="+7" height=".5e1"', 7, 5],
    ['width="30"', 30, 150],
    ['height="20"', 300, 20],
    ['width="0" height="-5"', null, null],
    ['width="1e300" height="9999999999"', null, null],
    [`width="${' '.repeat(9_000)}30${'\t'.repeat(9_000)}" height="\n+20 "`, 30, 20],
    [`width="${'1'.repeat(20)}.${'1'.repeat(20)}e-18px" height="${'0'.repeat(51)}"`, 11, 150],
    [`viewBox="0 0 30 20${' 1'.repeat(9_000)}"`, 300, 150],
    [`viewBox=" 0,0${' '.repeat(9_000)}30,, 20 "`, 225, 150],
    ['width="calc(1px)" height="&h;"', null, null],
    ['viewBox="0 0 0 20"', 300, 150],
    ['viewBox="0 0 30"', 300, 150],
    ['data-width="7" height="20" title=" width=\'5\'"', 300, 20],
    ['width="30" height="20" width="7"', 30, 20],
    ['', 300, 150],
    ['width="50vw" height="2lh"', null, null],
  ])('of the attributes %s is %s by %s', async (attributes, width, height) => {
    expect(await sizeOf(attributes)).toEqual([width, height]);
  });

  it('is never taken for a single pixel, since it scales', async () => {
    const result = await inspectImage(Buffer.from('<svg viewBox="0 0 1 1"/>'), {
      maxPixels: 1,
      isDelimited: true,
    });
    expect(result).toMatchObject({ ok: true, isOnePixel: false });
  });
});
