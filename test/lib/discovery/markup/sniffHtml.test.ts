import { describe, expect, it } from '@jest/globals';
import { isHtmlType, looksLikeHtml } from '../../../../lib/discovery/markup/sniffHtml.ts';

describe('looksLikeHtml', () => {
  it.each([
    '<!DOCTYPE html>',
    '<!doctype HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">',
    '<html lang="en">',
    '<HTML>',
    ' \t\r\n\f<head>',
    '<p>',
    '<a href="x">',
    '<b ',
    '<br\n/>',
    '<table>',
    '<!-- a comment first -->',
    '<!--',
    '<?xml version="1.0"?>\n<!DOCTYPE html>',
    '\ufeff<title>x</title>',
  ])('takes %j', (text) => {
    expect(looksLikeHtml(Buffer.from(text))).toBe(true);
  });

  it.each([
    '',
    '<',
    '<html',
    '<htmlx>',
    '<article>',
    '<svg xmlns="http://www.w3.org/2000/svg">',
    '<?xml version="1.0"?><rss>',
    '<?xml version="1.0"?><svg>',
    '{"html": "<p>"}',
    'Hello <p>',
    '%PDF-1.7',
    `${' '.repeat(1_445)}<html>`,
  ])('does not take %j', (text) => {
    expect(looksLikeHtml(Buffer.from(text))).toBe(false);
  });

  it.each([
    ['UTF-16LE', Buffer.from('\ufeff<html>', 'utf16le')],
    ['UTF-16BE', Buffer.from('\ufeff<html>', 'utf16le').swap16()],
  ])('reads %s with its mark', (_, bytes) => {
    expect(looksLikeHtml(bytes)).toBe(true);
    expect(looksLikeHtml(Buffer.concat([bytes, Buffer.from([0])]))).toBe(true);
  });
});

describe('isHtmlType', () => {
  it.each([
    ['text/html', true],
    ['Text/HTML ; charset=utf-8', true],
    ['application/xhtml+xml', true],
    ['text/htmlx', false],
    ['text/plain', false],
    ['image/png, text/html', false],
    ['', false],
    [undefined, false],
  ])('%s: %s', (header, isHtml) => {
    expect(isHtmlType(header)).toBe(isHtml);
  });
});
