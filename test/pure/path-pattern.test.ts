import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UNREADABLE, cases, guarded, pure, textOf } from './module.ts'

const ERRORS = [
  'None',
  'NoLeadingSlash',
  'EmptySegment',
  'DotSegment',
  'PartialStar',
  'DoubleStarNotLast',
  'PartialCapture',
  'CaptureName',
  'RepeatedCapture',
  'QueryOrFragment',
  'Semicolon',
  'Escape',
  'Octet',
  'TooManySegments',
]

const errorOf = (pattern: string): string | undefined =>
  ERRORS[guarded((room) => pure.pathPatternError(room.input(pattern)))]

describe('a path pattern', () => {
  test.each([
    '/',
    '/a',
    '/a/',
    '/a/b.c/d-e_f~g',
    "/!$&'()+,=:@",
    '/...',
    '/.well-known/x',
    '/*',
    '/*/a/*',
    '/**',
    '/a/**',
    '/*/**',
    '/{a}',
    '/{userId}/x/{cart_2}',
    '/{a}/{b}/**',
    '/%20',
    '/%C3%A9',
    '/%25/%3B/%7B',
    '/a'.repeat(64),
    `${'/a'.repeat(64)}/`,
    `${'/a'.repeat(63)}/**`,
  ])('may be %s', (pattern) => {
    expect(errorOf(pattern)).toBe('None')
  })

  test.each([
    ['', 'NoLeadingSlash'],
    ['a', 'NoLeadingSlash'],
    ['*', 'NoLeadingSlash'],
    ['**', 'NoLeadingSlash'],
    ['\\a', 'NoLeadingSlash'],
    ['//', 'EmptySegment'],
    ['/a//b', 'EmptySegment'],
    ['//**', 'EmptySegment'],
    ['/.', 'DotSegment'],
    ['/a/..', 'DotSegment'],
    ['/./a', 'DotSegment'],
    ['/a*', 'PartialStar'],
    ['/*a', 'PartialStar'],
    ['/a*b/c', 'PartialStar'],
    ['/***', 'PartialStar'],
    ['/a**', 'PartialStar'],
    ['/{a*}x', 'PartialCapture'],
    ['/**/', 'DoubleStarNotLast'],
    ['/**/a', 'DoubleStarNotLast'],
    ['/**/**', 'DoubleStarNotLast'],
    ['/a{b}', 'PartialCapture'],
    ['/{a}b', 'PartialCapture'],
    ['/{a', 'PartialCapture'],
    ['/a}', 'PartialCapture'],
    ['/{', 'PartialCapture'],
    ['/}', 'PartialCapture'],
    ['/{}', 'CaptureName'],
    ['/{1}', 'CaptureName'],
    ['/{A}', 'CaptureName'],
    ['/{_a}', 'CaptureName'],
    ['/{a-b}', 'CaptureName'],
    ['/{a}{b}', 'CaptureName'],
    ['/{a*}', 'CaptureName'],
    ['/{a[}', 'CaptureName'],
    ['/{a@}', 'CaptureName'],
    ['/{a`}', 'CaptureName'],
    ['/{a}/{a}', 'RepeatedCapture'],
    ['/{a}/b/{c}/{a}', 'RepeatedCapture'],
    ['/a?b', 'QueryOrFragment'],
    ['/a#b', 'QueryOrFragment'],
    ['/a;b', 'Semicolon'],
    ['/%', 'Escape'],
    ['/%2', 'Escape'],
    ['/%zz', 'Escape'],
    ['/%2F', 'Escape'],
    ['/%5C', 'Escape'],
    ['/%00', 'Escape'],
    ['/%61', 'Escape'],
    ['/%7E', 'Escape'],
    ['/%c3%A9', 'Escape'],
    ['/%C3%a9', 'Escape'],
    ['/a b', 'Octet'],
    ['/a\\b', 'Octet'],
    ['/a"', 'Octet'],
    ['/\xe9', 'Octet'],
    ['/a\0', 'Octet'],
    ['/a'.repeat(65), 'TooManySegments'],
    [`${'/a'.repeat(64)}/**`, 'TooManySegments'],
  ])('is wrong as %j: %s', (pattern, error) => {
    expect(errorOf(pattern)).toBe(error)
  })

  test('is wrong if it is absent or unreadable', () => {
    expect(ERRORS[pure.pathPatternError(0n)]).toBe('NoLeadingSlash')
    expect(ERRORS[pure.pathPatternError(UNREADABLE)]).toBe('NoLeadingSlash')
  })

  test('without stars and braces is right exactly if it can be a normalised path', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '/',
        '.',
        '..',
        '%2e',
        '%20',
        '%2F',
        '%e4',
        '%E4',
        '%',
        '?',
        '#',
        ';',
        '\\',
        ' ',
        '%3B',
      ),
      fc.integer({ min: 0, max: 255 }).map((octet) => String.fromCharCode(octet)),
      fc.constantFrom('a', 'b', '/'),
    )
    const text = fc
      .array(piece, { maxLength: 10 })
      .map((pieces) => `/${pieces.join('')}`)
      .filter((pattern) => !/[*{}]/.test(pattern))
    fc.assert(
      fc.property(text, (pattern) => {
        const normalised = guarded((room) => {
          const writer = room.writer(pattern.length * 3)
          return pure.normalisePath(room.input(pattern), writer) ? textOf(pure.writerResult(writer)) : ''
        })
        expect(errorOf(pattern) === 'None').toBe(normalised === pattern)
      }),
      cases(2_000, 40_000),
    )
  })
})
