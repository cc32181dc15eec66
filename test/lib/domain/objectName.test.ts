import { describe, expect, it } from '@jest/globals';
import { objectName, parseObjectName } from '../../../lib/domain/objectName.ts';
import { fileNameOf } from '../../../lib/image/fileName.ts';

const IMAGE = '0123456789abcdef'.repeat(2);
const PAGE = 'fedcba9876543210'.repeat(2);
const OPERATION = '0198f3b2-5c0e-7aaa-8bbb-0123456789ab';

describe('objectName', () => {
  it.each(['photo.jpg', '富士山.webp', fileNameOf(`https://site.test/${'é'.repeat(500)}`, 'png')])(
    'can be read back: %s',
    (fileName) => {
      const name = objectName(IMAGE, PAGE, OPERATION, fileName);
      expect(name).toBe(`images/${IMAGE}/${PAGE}/${OPERATION}/${fileName}`);
      expect(parseObjectName(name)).toEqual({ imageId: IMAGE, pageId: PAGE, opId: OPERATION, fileName });
    },
  );

  it('stays far below what stores allow for a key and for a segment of it', () => {
    const fileName = fileNameOf(`https://site.test/${'富'.repeat(500)}`, 'svg');
    expect(Buffer.byteLength(objectName(IMAGE, PAGE, OPERATION, fileName))).toBeLessThan(255);
  });
});

describe('parseObjectName', () => {
  const tail = `${PAGE}/${OPERATION}/a.jpg`;

  it.each([
    ['', 'nothing'],
    [`pages/${PAGE}.json`, 'a record'],
    [`images/${IMAGE}/${PAGE}/${OPERATION}`, 'a name without file name'],
    [`images/${IMAGE}/${PAGE}/${OPERATION}/`, 'an empty file name'],
    [`images/${IMAGE}/${PAGE}/${OPERATION}/..`, 'a parent'],
    [`images/${IMAGE}/${PAGE}/${OPERATION}/a/b.jpg`, 'a part too many'],
    [`images/${IMAGE}/${PAGE}/${OPERATION}/a\nb.jpg`, 'a control character'],
    [`images/${IMAGE}/${PAGE}/${'x'.repeat(65)}/a.jpg`, 'an operation of 65 characters'],
    [`images/${IMAGE}/${PAGE}//a.jpg`, 'an empty operation'],
    [`images/${IMAGE.toUpperCase()}/${tail}`, 'upper case'],
    [`images/${IMAGE.slice(1)}/${tail}`, 'a short id'],
    [`/images/${IMAGE}/${tail}`, 'a leading slash'],
    [`x/images/${IMAGE}/${tail}`, 'another prefix'],
  ])('refuses %j: %s', (name) => {
    expect(parseObjectName(name)).toBeNull();
  });
});
