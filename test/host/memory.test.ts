import { describe, expect, test } from 'vitest'

import { Driver, MEMORY_END } from './driver.ts'

describe("the guest's memory", () => {
  const { memory } = new Driver().vm

  test('is read and written up to its last byte, and not one byte further', () => {
    expect([memory.writeU32(MEMORY_END - 4, 0xdead_beef), memory.writeU32(MEMORY_END - 3, 1)]).toEqual([
      true,
      false,
    ])
    expect([memory.readU32(MEMORY_END - 4), memory.readU32(MEMORY_END - 3)]).toEqual([0xdead_beef, undefined])
    expect([memory.writeU64(MEMORY_END - 8, -1n), memory.writeU64(MEMORY_END - 7, 0n)]).toEqual([true, false])
    expect([
      memory.write(MEMORY_END - 2, Uint8Array.of(1, 2)),
      memory.write(MEMORY_END - 1, Uint8Array.of(1, 2)),
    ]).toEqual([true, false])
    expect([
      memory.writeByteString(MEMORY_END - 2, 'ab'),
      memory.writeByteString(MEMORY_END - 1, 'ab'),
    ]).toEqual([true, false])
    expect([memory.read(MEMORY_END - 2, 2), memory.read(MEMORY_END - 2, 3)]).toEqual([
      Buffer.from('ab'),
      undefined,
    ])
    expect([memory.readByteString(MEMORY_END - 3, 3), memory.readByteString(MEMORY_END, 1)]).toEqual([
      '\xffab',
      undefined,
    ])
    expect([memory.readText(MEMORY_END - 2, 2), memory.readText(MEMORY_END - 2, 3)]).toEqual([
      'ab',
      undefined,
    ])
  })

  test('has an empty range at its very end, and none beyond', () => {
    expect([memory.contains(MEMORY_END, 0), memory.contains(MEMORY_END + 1, 0)]).toEqual([true, false])
    expect([memory.readByteString(MEMORY_END, 0), memory.readByteString(MEMORY_END + 1, 0)]).toEqual([
      '',
      undefined,
    ])
  })

  test('takes addresses and lengths as the guest passes them: signed, and never wrapping around', () => {
    expect([memory.readU32(-4), memory.contains(-1, 1), memory.readByteString(-1, -1)]).toEqual([
      undefined,
      false,
      undefined,
    ])
  })
})
