import { expect, test } from 'vitest'
import { all, expectedKey, leaf } from '../../bench/expected-key.ts'
import { HASH_SECRET } from '../../bench/jobs.ts'

// The vectors of docs/keys.md.
test.each([
  [leaf('claim:/sub', 'alice'), '7et1cHcxWytRV6Zdd9hnHA', 'Hh4GFPtsR1XW4jyjDCGNQw'],
  [
    leaf('session', Buffer.from('00112233445566778899aabbccddeeff', 'hex')),
    '9AfeeRy0n9B_1r3h8pWh-Q',
    'ZWpVCj-3NxGRButEqELaTQ',
  ],
  [
    all(leaf('header:x-a', 'a'), leaf('header:x-b', 'bc')),
    'ck03XDUQ9F49J_l01MJsOw',
    'Xn-1m19y-J84O4DiJrO2mA',
  ],
])('a contender is held to the documented key', (node, plain, keyed) => {
  expect(expectedKey(node)).toBe(plain)
  expect(expectedKey(node, HASH_SECRET)).toBe(keyed)
})
