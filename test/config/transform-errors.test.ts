import { describe, expect, test } from 'vitest'
import { Compiler } from './compiler.ts'
import { from } from './pieces.ts'

const compiler = new Compiler()

const CAPTURES: [pattern: string, advice: string][] = [
  ['user-*', 'one {} for the part that counts, as in user-{}@*'],
  ['{}-{}', 'one {} for the part that counts, as in user-{}@*'],
  ['*a*b*c*d*e{}', 'at most 4 *'],
  ['*{}', 'some text between two of * and {}'],
  ['{}**', 'some text between two of * and {}'],
  ['{name}', 'no braces but in {}'],
  ['a}{}', 'no braces but in {}'],
  ['{}{', 'some text between two of * and {}'],
]
const NOT_TEXT: [source: object, advice: string][] = [
  [{ session: {} }, 'this source yields an id or an address, and no text to transform'],
  [{ address: 24 }, 'this source yields an id or an address, and no text to transform'],
  [{ claim: { name: 'uid', type: 'number' } }, 'only claims of type string are text to transform'],
  [{ path: '/{a}/{b}' }, 'several captures are a list, and no text to transform'],
  [{ all: [{ header: 'x' }] }, 'a transform works on one value; put it on a source within'],
  [{ firstOf: [{ header: 'x' }] }, 'a transform works on one value; put it on a source within'],
]

const refused: [configuration: unknown, errors: string[]][] = [
  [
    from({ header: 'x', transform: ['Lower'] }),
    [
      'unknown_value at /key/from/0/transform/0: found "Lower", expected one of: trim, lower, upper, unquote, percentDecode, base64Decode, mcpDecode, first, last, split, capture; did you mean lower?',
    ],
  ],
  [
    from({ header: 'x', transform: ['first'] }),
    ['missing_field at /key/from/0/transform/0: this transform needs a value, as in {first: 8}'],
  ],
  [
    from({ header: 'x', transform: [{ first: 0 }, { last: 4097 }] }),
    [
      'out_of_range at /key/from/0/transform/0/first: expected 1 to 4096 octets',
      'out_of_range at /key/from/0/transform/1/last: expected 1 to 4096 octets',
    ],
  ],
  [
    from({ header: 'x', transform: [{ split: { by: '-' } }] }),
    ['missing_field at /key/from/0/transform/0/split: expected by and take, as in {by: "-", take: 0}'],
  ],
  [
    from({ header: 'x', transform: [{ split: { by: '-', take: 64 } }] }),
    [
      'out_of_range at /key/from/0/transform/0/split/take: expected a piece from the first, 0 to 63, or from the last, -1 to -64',
    ],
  ],
  [
    from({ header: 'x', transform: [{ first: 1, last: 1 }] }),
    ['ambiguous_transform at /key/from/0/transform/0: one transform an item; list two items'],
  ],
  [
    from({ header: 'x', transform: [{ trim: true }] }),
    ['unknown_field at /key/from/0/transform/0/trim: not known here'],
  ],
  [
    from({ header: 'x', transform: [{}, 8] }),
    [
      'wrong_type at /key/from/0/transform/0: found an object, expected a transform, such as lower or {first: 8}',
      'wrong_type at /key/from/0/transform/1: found a number, expected a transform, such as lower or {first: 8}',
    ],
  ],
  [
    from({ header: 'x', transform: 'lower' }),
    ['wrong_type at /key/from/0/transform: found a string, expected a list'],
  ],
  ...CAPTURES.map(([pattern, advice]): [object, string[]] => [
    from({ header: 'x', transform: [{ capture: pattern }] }),
    [`invalid_capture at /key/from/0/transform/0/capture: found "${pattern}", expected ${advice}`],
  ]),
  ...NOT_TEXT.map(([source, advice]): [object, string[]] => [
    from({ ...source, transform: ['lower'] }),
    [`not_text at /key/from/0/transform: ${advice}`],
  ]),
]

describe('a transform that cannot be meant is refused, and the error says what to write', () => {
  test.each(refused)('%j', (configuration, errors) => {
    expect(compiler.compile(configuration).errors).toEqual(errors)
  })
})
