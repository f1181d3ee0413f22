import { describe, expect, test } from 'vitest'
import { UNREADABLE, guarded, pure, written } from './module.ts'

const SILENT = 0
const INVITED = 1
const REFUSED = 2

const sharing = (cacheControl: string): number => guarded((room) => pure.sharingOf(room.input(cacheControl)))

/** What is left for one client of a Cache-Control. */
const forOne = (cacheControl: string): string =>
  written(cacheControl.length * 3, (room, writer) => {
    pure.writeForOneClient(room.input(cacheControl), writer)
  })

describe('shared caches are asked to keep an answer by', () => {
  test.each([
    'public',
    'PUBLIC',
    'max-age=1',
    'max-age=010',
    'Max-Age="60"',
    's-maxage=10, max-age=0',
    'must-revalidate,public',
    ' public ',
    '\tpublic\t,x',
    'private="x-user", max-age=60',
    'max-age = 60',
    'x="a, max-age=5"',
  ])('%j', (cacheControl) => {
    expect(sharing(cacheControl)).toBe(INVITED)
  })
})

describe('and neither asked nor told not to by', () => {
  test.each([
    '',
    ',',
    'no-cache',
    'max-age=0',
    'max-age',
    'max-age=',
    'max-age=00',
    's-maxage=0',
    'publicity',
    'x-public',
    'max-ages=60',
    'must-revalidate',
    'private="x-user"',
  ])('%j', (cacheControl) => {
    expect(sharing(cacheControl)).toBe(SILENT)
  })

  test('a header that is not there, or that the proxy does not show', () => {
    expect(pure.sharingOf(0n)).toBe(SILENT)
    expect(pure.sharingOf(UNREADABLE)).toBe(SILENT)
  })
})

describe('and told not to by', () => {
  test.each(['no-store, public', 'public, No-Store', 'max-age=60, private', 'private', ' Private ,x'])(
    '%j',
    (cacheControl) => {
      expect(sharing(cacheControl)).toBe(REFUSED)
    },
  )
})

describe('for one client there is left', () => {
  test.each([
    ['public', ''],
    ['PUBLIC , max-age=60', 'max-age=60, '],
    ['max-age=0,s-maxage=60,must-revalidate', 'max-age=0, must-revalidate, '],
    ['no-cache="a", x=y', 'no-cache="a", x=y, '],
    [',, ,', ''],
    ['', ''],
  ])('%j -> %j', (cacheControl, left) => {
    expect(forOne(cacheControl)).toBe(left)
  })
})
