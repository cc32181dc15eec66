/** What can be said of the console without a browser: its words are complete, and no string becomes markup. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { IMAGE_CODES, PROBLEM_CODES } from '../../lib/domain/problem.ts';

const FOLDER = join(import.meta.dirname, '../../static/console');

interface Words {
  readonly IMAGE_WORDS: Readonly<Record<string, { readonly what: string; readonly todo: string }>>;
  readonly PROBLEM_WORDS: Readonly<Record<string, string>>;
  readonly CHANGE_WORDS: Readonly<Record<string, { readonly sign: string; readonly word: string }>>;
  byteWords(bytes: number): string;
  countWords(count: number, noun: string): string;
  typeName(contentType: string): string;
  timeWords(iso: string): string;
}

interface Addresses {
  withScheme(text: string): string;
  isKeepable(url: string): boolean;
  privateHostOf(url: string): string | null;
  shortAddress(url: string, near: string): string;
}

const words: Words = await import(join(FOLDER, 'words.js'));
const { withScheme, isKeepable, privateHostOf, shortAddress }: Addresses = await import(
  join(FOLDER, 'address.js')
);
const files = globSync('*', { cwd: FOLDER }).map((name) => ({
  name,
  text: readFileSync(join(FOLDER, name), 'utf8'),
}));
const scripts = files.filter(({ name }) => name.endsWith('.js'));

describe('the words', () => {
  it('explain every code of an image, and what to do about it', () => {
    expect(Object.keys(words.IMAGE_WORDS).sort()).toEqual([...IMAGE_CODES].sort());
    for (const { what, todo } of Object.values(words.IMAGE_WORDS)) {
      expect(what).toMatch(/^[A-Z].{8,60}[^.]$/);
      expect(todo).toMatch(/^[\dA-Z“].{20,}\.$/);
    }
  });

  it('know every code of a call', () => {
    expect(Object.keys(words.PROBLEM_WORDS).sort()).toEqual([...PROBLEM_CODES].sort());
    // Empty where the service's own sentence says all.
    for (const text of Object.values(words.PROBLEM_WORDS)) expect(text).toMatch(/^(?:[A-Z].{10,}\.)?$/);
  });

  it('give every kind of change a word and a sign of its own', () => {
    const kinds = Object.keys(words.CHANGE_WORDS);
    expect(kinds).toEqual(['added', 'changed', 'unchanged', 'removed', 'kept']);
    expect(new Set(Object.values(words.CHANGE_WORDS).map(({ sign }) => sign)).size).toBe(kinds.length);
  });

  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [1023, '1023 bytes'],
    [1024, '1.0 KB'],
    [25_498, '24.9 KB'],
    [1024 * 1024 - 1, '1.0 MB'],
    [1024 * 1024, '1.0 MB'],
    [250 * 1024 * 1024, '250 MB'],
    [5 * 1024 ** 4, '5120 GB'],
  ])('say %d bytes as %s', (bytes, text) => {
    expect(words.byteWords(bytes)).toBe(text);
  });

  it('name types and numbers as people do', () => {
    expect(['image/jpeg', 'image/svg+xml', 'image/x-icon', 'image/avif'].map(words.typeName)).toEqual([
      'JPEG',
      'SVG',
      'ICO',
      'AVIF',
    ]);
    expect([0, 1, 1000].map((count) => words.countWords(count, 'image'))).toEqual([
      '0 images',
      '1 image',
      '1,000 images',
    ]);
    expect(words.timeWords('not a time')).toBe('not a time');
  });
});

describe('an address', () => {
  it.each([
    ['example.com', 'https://example.com'],
    ['example.com:8443/a', 'https://example.com:8443/a'],
    ['localhosted.example', 'https://localhosted.example'],
    ['example.com/localhost', 'https://example.com/localhost'],
    ['127.example.com', 'https://127.example.com'],
    ['localhost', 'http://localhost'],
    ['LOCALHOST:8081/sample/', 'http://LOCALHOST:8081/sample/'],
    ['shop.localhost/', 'http://shop.localhost/'],
    ['127.0.0.1:3000?a', 'http://127.0.0.1:3000?a'],
    ['[::1]:3000/', 'http://[::1]:3000/'],
    ['http://example.com/', 'http://example.com/'],
    ['HTTPS://localhost/', 'HTTPS://localhost/'],
    ['javascript:alert(1)', 'javascript:alert(1)'],
    ['', ''],
  ])('that is typed as "%s" is read as "%s"', (typed, read) => {
    expect(withScheme(typed)).toBe(read);
  });

  it.each([
    ['https://example.com/', true],
    ['http://localhost:8081/a?b', true],
    ['https://user:secret@example.com/', false],
    ['https://user@example.com/', false],
    ['https://:secret@example.com/', false],
    ['javascript:alert(1)', false],
    ['not an address', false],
    ['', false],
  ])('such as "%s" may be kept: %s', (url, isKept) => {
    expect(isKeepable(url)).toBe(isKept);
  });

  it.each([
    ['http://localhost:8081/sample/image1.jpg?a#b', '/sample/image1.jpg?a'],
    ['https://localhost:8081/sample/image1.jpg', 'localhost:8081/sample/image1.jpg'],
    ['https://cdn.example.com/a', 'cdn.example.com/a'],
    ['data:image/png;sha256,0123', 'data:image/png;sha256,0123'],
    [`http://localhost:8081/${'a'.repeat(51)}`, `/${'a'.repeat(51)}`],
    [`http://localhost:8081/${'a'.repeat(50)}/tail?of=it`, `/${'a'.repeat(28)}…${'a'.repeat(11)}/tail?of=it`],
  ])('such as "%s" is shown on a page of localhost:8081 as %s', (url, shown) => {
    expect(shortAddress(url, 'http://localhost:8081/sample/')).toBe(shown);
  });

  it.each([
    ['http://localhost:3000/a', 'localhost:3000'],
    ['http://10.0.0.1/', '10.0.0.1:80'],
    ['https://192.168.1.2/', '192.168.1.2:443'],
    ['http://172.16.0.1:8000/', '172.16.0.1:8000'],
    ['http://172.31.255.1/', '172.31.255.1:80'],
    ['http://127.0.0.2:81/', '127.0.0.2:81'],
    ['http://[::1]/', '[::1]:80'],
    ['http://[fd00::1]:8080/', '[fd00::1]:8080'],
    ['http://172.32.0.1/', null],
    ['http://169.254.169.254/', null],
    ['http://100.10.0.1/', null],
    ['http://10.example.com/', null],
    ['https://example.com:9999/', null],
    ['not an address', null],
  ])('such as "%s" can be allowed as %s', (url, host) => {
    expect(privateHostOf(url)).toBe(host);
  });
});

describe('the files', () => {
  it('never read a string as markup or as a script', () => {
    expect(scripts.length).toBeGreaterThan(8);
    const dangerous =
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|setHTML|srcdoc|\beval\b|new Function|setTimeout\(['"`]/;
    expect(scripts.filter(({ text }) => dangerous.test(text)).map(({ name }) => name)).toEqual([]);
  });

  it('load nothing from elsewhere, and have nothing inline that the policy forbids', () => {
    const page = files.find(({ name }) => name === 'index.html')?.text ?? '';
    const loaded = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, target]) => target ?? '');
    expect(loaded.length).toBeGreaterThan(4);
    expect(loaded.filter((target) => /^(?:[a-z]+:|\/\/)/i.test(target))).toEqual([]);
    expect(page).not.toMatch(/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/i);
    const styles = files.filter(({ name }) => name.endsWith('.css'));
    expect(styles.length).toBeGreaterThan(1);
    expect(styles.filter(({ text }) => /@import|url\(/.test(text)).map(({ name }) => name)).toEqual([]);
  });

  it('have at most 400 lines each', () => {
    expect(files.filter(({ text }) => text.split('\n').length > 400).map(({ name }) => name)).toEqual([]);
  });
});
