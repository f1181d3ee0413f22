import { describe, expect, test } from 'vitest'
import { UNREADABLE, guarded, pure } from './module.ts'

const isPublic = (cacheControl: string): boolean =>
  guarded((room) => pure.isPubliclyCacheable(room.input(cacheControl))) === 1

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
    expect(isPublic(cacheControl)).toBe(true)
  })
})

describe('and not by', () => {
  test.each([
    '',
    ',',
    'no-cache',
    'no-store, public',
    'public, No-Store',
    'max-age=60, private',
    'private',
    'max-age=0',
    'max-age',
    'max-age=',
    'max-age=00',
    's-maxage=0',
    'publicity',
    'x-public',
    'max-ages=60',
    'must-revalidate',
  ])('%j', (cacheControl) => {
    expect(isPublic(cacheControl)).toBe(false)
  })

  test('a header that is not there, or that the proxy does not show', () => {
    expect(pure.isPubliclyCacheable(0n)).toBe(0)
    expect(pure.isPubliclyCacheable(UNREADABLE)).toBe(0)
  })
})
