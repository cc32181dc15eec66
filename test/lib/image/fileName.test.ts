import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fileNameOf } from '../../../lib/image/fileName.ts';
import { processorTimeOf } from '../../support/processorTime.ts';

const at = (path: string): string => fileNameOf(`https://site.test/${path}`, 'jpg');

describe('fileNameOf', () => {
  it.each([
    ['photo.jpg', 'photo.jpg'],
    ['a/b/photo.png', 'photo.jpg'],
    ['photo.JPEG', 'photo.jpg'],
    ['photo.tar.jpeg', 'photo.tar.jpg'],
    ['photo', 'photo.jpg'],
    ['photo.php', 'photo.jpg'],
    ['photo.aspx?id=7', 'photo.jpg'],
    ['logo.svg.png', 'logo.svg.jpg'],
    ['photo.v2', 'photo.v2.jpg'],
    ['photo.jpg!w700', 'photo.jpg-w700.jpg'],
    ['photo.jpg:large', 'photo.jpg-large.jpg'],
    ['w_200,h_100,c_fill', 'w_200-h_100-c_fill.jpg'],
    ['photo.jpg?width=640#top', 'photo.jpg'],
    ['photo.jpg%3Fwidth=640', 'photo.jpg-width-640.jpg'],
    ['My%20summer%20(2).jpg', 'My-summer-2.jpg'],
    ['100%25.jpg', '100.jpg'],
    ['50%off.jpg', '50-off.jpg'],
    ['__photo__.jpg', '__photo__.jpg'],
  ])('makes %s into %s', (path, name) => {
    expect(at(path)).toBe(name);
  });

  it.each([
    ['%E5%AF%8C%E5%A3%AB%E5%B1%B1.jpg', '富士山.jpg'],
    ['горы.jpg', 'горы.jpg'],
    ['%D7%94%D7%A8.jpg', 'הר.jpg'],
    ['cafe%CC%81.jpg', 'café.jpg'],
    ['%E0%A4%AA%E0%A4%B9%E0%A4%BE%E0%A4%A1%E0%A4%BC.jpg', 'पहाड़.jpg'],
  ])('keeps the letters of %s as %s', (path, name) => {
    expect(at(path).normalize('NFC')).toBe(name.normalize('NFC'));
  });

  it.each([
    ['K01', '../../etc/passwd', 'passwd.jpg'],
    ['K01', '..%2f..%2fx', 'x.jpg'],
    ['K01', '%2e%2e/', 'image.jpg'],
    ['K01', '%2e%2e%2f', 'image.jpg'],
    ['K01', 'a%00b.png', 'a-b.jpg'],
    ['K01', 'a%5Cb.png', 'a-b.jpg'],
    ['K01', '.', 'image.jpg'],
    ['K01', '', 'image.jpg'],
    ['K01', 'folder/', 'image.jpg'],
    ['K01', '.htaccess', 'htaccess.jpg'],
    ['K03', 'gpj.%E2%80%AEphoto', 'gpj.photo.jpg'],
    ['K03', '%E2%80%8B%EF%BB%BFzero%C2%ADwidth%E3%85%A4', 'zerowidth.jpg'],
    ['K03', '%CC%81mark', 'mark.jpg'],
    ['K03', 'con', '_con.jpg'],
    ['K03', 'NUL.png', '_NUL.jpg'],
    ['K03', 'com1.tar', '_com1.tar.jpg'],
    ['K03', 'console.png', 'console.jpg'],
    ['K03', 'photo.%20.%20', 'photo.jpg'],
    ['K03', 'a%0d%0aX-Amz-Meta:x', 'a-X-Amz-Meta-x.jpg'],
    ['K03', 'a%FF%FEb', 'a-b.jpg'],
    ['K03', '%3Cscript%3E"*|', 'script.jpg'],
    ['K04', 'a?b/c.png#d/e.gif', 'a.jpg'],
  ])('%s: makes %s into %s', (_, path, name) => {
    expect(at(path)).toBe(name);
  });

  it.each([
    ['data:image/png;base64,AAAA', 'image.png'],
    ['data:image/png;sha256,0123456789abcdef0123456789abcdef', 'image.png'],
    ['not a URL', 'image.png'],
    ['https://site.test', 'image.png'],
  ])('calls %s %s', (url, name) => {
    expect(fileNameOf(url, 'png')).toBe(name);
  });

  it('K02: makes a name of 500 emoji into image.jpg', () => {
    expect(at('%F0%9F%98%80'.repeat(500))).toBe('image.jpg');
  });

  it.each([
    ['a', 95, 99],
    ['a', 96, 99],
    ['é', 47, 98],
    ['é', 48, 98],
    ['富', 31, 97],
    ['富', 32, 97],
    ['𝒜', 23, 96],
    ['𝒜', 600, 96],
  ])('never cuts inside a character: %s × %i is a name of %i bytes', (character, count, bytes) => {
    const name = at(character.repeat(count));
    expect(Buffer.byteLength(name)).toBe(bytes);
    expect(name).not.toContain('\ufffd');
  });

  it('keeps a letter and its marks together when it cuts', () => {
    const name = at(`${'a'.repeat(92)}x%CC%A3%CC%A3.png`);
    expect(name).toBe(`${'a'.repeat(92)}.jpg`);
  });

  it('leaves a prefix of another name alone', () => {
    expect([at('a'), at('a/b')]).toEqual(['a.jpg', 'b.jpg']);
  });

  it('is fast for a segment of megabytes', () => {
    const ms = processorTimeOf(() => {
      for (const unit of ['a', '.', '-', '%', '%2e', '%CC%81', '.-', '𝒜']) at(unit.repeat(1_000_000));
    });
    expect(ms).toBeLessThan(3_000);
  });

  it('is always safe, and the same when made again from itself', () => {
    const segment = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string());
    fc.assert(
      fc.property(segment, fc.boolean(), (text, isEncoded) => {
        const name = at(isEncoded ? encodeURIComponent(text.toWellFormed()) : text.toWellFormed());
        expect(name).toMatch(/^[\p{L}\p{N}_][\p{L}\p{N}\p{M}._-]*\.jpg$/u);
        expect(name).not.toMatch(/\.\.|--|[.-]\.jpg$|\p{Default_Ignorable_Code_Point}/u);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(100);
        expect(at(encodeURIComponent(name))).toBe(name);
      }),
      { numRuns: 2_000 },
    );
  });
});
