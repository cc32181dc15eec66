import { describe, expect, it } from '@jest/globals';
import { decodeCss } from '../../../../lib/discovery/css/decodeCss.ts';
import { decodeHtml } from '../../../../lib/discovery/markup/decodeHtml.ts';

const latin = (text: string) => Buffer.from(text, 'latin1');
const utf16le = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');
const utf16be = (text: string) => utf16le(text).swap16();
const meta = (label: string) => `<meta charset="${label}">`;

describe('decodeHtml', () => {
  it.each([
    ['a UTF-8 mark', Buffer.from('\uFEFFé'), 'text/html; charset=windows-1252', 'é'],
    ['a UTF-16LE mark', utf16le('é'), 'text/html; charset=utf-8', 'é'],
    ['a UTF-16BE mark', utf16be('é'), undefined, 'é'],
    [
      'the header before meta',
      latin(`${meta('utf-8')}\xe9`),
      'text/html; charset=ISO-8859-1',
      `${meta('utf-8')}é`,
    ],
    ['a quoted label', latin('\xe9'), 'text/html; charset="latin1"', 'é'],
    ['a label in single quotes as none', Buffer.from('é'), "text/html; charset='latin1'", 'é'],
    ['meta', latin(`${meta('iso-8859-2')}\xb9`), 'text/html', `${meta('iso-8859-2')}š`],
    [
      'meta after an unknown label',
      latin(`${meta('iso-8859-2')}\xb9`),
      'text/html; charset=bogus',
      `${meta('iso-8859-2')}š`,
    ],
    ['utf-7 as none', Buffer.from('é+AGE-'), 'text/html; charset=utf-7', 'é+AGE-'],
    ['utf-16 in meta as UTF-8', Buffer.from(`${meta('utf-16')}é`), undefined, `${meta('utf-16')}é`],
    ['valid UTF-8 without a label', Buffer.from('é€'), undefined, 'é€'],
    ['anything else as windows-1252', latin('\xe9\x80'), undefined, 'é€'],
    ['byte 0x80 of latin1 as the euro sign', latin('\x80'), 'text/html; charset=iso-8859-1', '€'],
    ['invalid UTF-8 with its label', latin('a\xffb'), 'text/html; charset=utf-8', 'a\uFFFDb'],
    ['nothing', Buffer.alloc(0), undefined, ''],
    ['Shift_JIS', Buffer.from([0x83, 0x65]), 'text/html; charset=shift_jis', 'テ'],
    ['GB18030', Buffer.from([0xc4, 0xe3]), 'text/html; charset=gb2312', '你'],
    [
      'two types in one header by the last parameter that is one',
      Buffer.from('é'),
      'image/png, text/html',
      'é',
    ],
    ['an encoding that is unsafe to decode', latin('abc'), 'text/html; charset=hz-gb-2312', '\uFFFD'],
  ])('reads %s', (_what, bytes, contentType, text) => {
    expect(decodeHtml(bytes, contentType).text).toBe(text);
  });

  it('finds a meta charset that comes late', () => {
    const bytes = latin(`<head>${'<!-- x -->'.repeat(500)}${meta('iso-8859-2')}\xb9`);
    expect(decodeHtml(bytes, undefined).text).toContain('š');
  });

  it('tells the encoding, which stylesheets inherit', () => {
    expect(decodeHtml(latin('\xe9'), undefined).encoding).toBe('windows-1252');
  });
});

describe('decodeCss', () => {
  it.each([
    ['a UTF-8 mark', Buffer.from('\uFEFFé'), 'text/css; charset=latin1', 'é'],
    ['a UTF-16LE mark', utf16le('é'), undefined, 'é'],
    ['a UTF-16BE mark', utf16be('é'), undefined, 'é'],
    [
      'the header before @charset',
      latin('@charset "utf-8";\xe9'),
      'text/css; charset=latin1',
      '@charset "utf-8";é',
    ],
    ['@charset', latin('@charset "iso-8859-2";\xb9'), 'text/css', '@charset "iso-8859-2";š'],
    ['@charset of UTF-16 as UTF-8', Buffer.from('@charset "utf-16";é'), undefined, '@charset "utf-16";é'],
    ['@charset in other quotes as none', latin("@charset 'utf-8';\xb9"), undefined, "@charset 'utf-8';š"],
    ['the encoding of what refers to it', latin('\xb9'), undefined, 'š'],
  ])('reads %s', (_what, bytes, contentType, text) => {
    expect(decodeCss(bytes, contentType, 'iso-8859-2').text).toBe(text);
  });

  it('falls back on UTF-8', () => {
    expect(decodeCss(Buffer.from('é'), undefined, 'replacement')).toEqual({ text: 'é', encoding: 'utf-8' });
  });
});
