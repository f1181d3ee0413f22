import { BlockList, isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UNREADABLE, bytes, cases, guarded, pure } from './module.ts'

/** The address in hexadecimal, or 'refused'. */
const parse = (text: string): string =>
  guarded((room) => {
    const out = room.output(16)
    const length = pure.parseAddress(room.input(text), out)
    expect([0, 4, 16]).toContain(length)
    return length === 0 ? 'refused' : room.read(out, length).toString('hex')
  })

const mask = (address: string, prefixBits: number): string =>
  guarded((room) => {
    const initial = Buffer.from(address, 'hex')
    const start = room.output(initial.length, initial)
    pure.maskAddress(start, initial.length, prefixBits)
    return room.read(start, initial.length).toString('hex')
  })

/** An IPv6 address by the URL parser, which knows every form; zones are no address there. */
function ipv6(text: string): string {
  const shortest = new URL(`http://[${text}]/`).hostname.slice(1, -1)
  const [before = '', after] = shortest.split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const missing = 8 - groups(before).length - groups(after ?? '').length
  const all = [...groups(before), ...Array.from({ length: missing }, () => '0'), ...groups(after ?? '')]
  return all.map((group) => group.padStart(4, '0')).join('')
}

const MAPPED = '00000000000000000000ffff'

describe('reading an address', () => {
  test.each([
    ['1.2.3.4', '01020304'],
    ['1.2.3.4:567', '01020304'],
    ['255.255.255.255:65535', 'ffffffff'],
    ['0.0.0.0:0', '00000000'],
    ['[::1]:80', '00000000000000000000000000000001'],
    ['[::1]', '00000000000000000000000000000001'],
    ['::1', '00000000000000000000000000000001'],
    ['::', '00000000000000000000000000000000'],
    ['[::]:65535', '00000000000000000000000000000000'],
    ['2001:db8::Ff', '20010db80000000000000000000000ff'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
    ['1:2::7:8', '00010002000000000000000000070008'],
    ['64:ff9b::1.2.3.4', '0064ff9b000000000000000001020304'],
    ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304'],
    ['::1.2.3.4', '00000000000000000000000001020304'],
    ['::ffff:1.2.3.4', '01020304'],
    ['[::ffff:1.2.3.4]:80', '01020304'],
    ['::ffff:102:304', '01020304'],
    ['0:0:0:0:0:ffff:0102:0304', '01020304'],
    ['::fffe:1.2.3.4', '00000000000000000000fffe01020304'],
    ['::1:ffff:1.2.3.4', '00000000000000000001ffff01020304'],
  ])('%s is %s', (text, address) => {
    expect(parse(text)).toBe(address)
  })

  test.each([
    ['nothing', ['', '[', ']', '[]', ':', '.', ':80', '[]:80']],
    [
      'an IPv4 address of another length',
      ['1', '1.2.3', '1.2.3.4.5', '1.2.3.', '.1.2.3', '1..2.3', '1.2.3.4.'],
    ],
    ['numbers out of range', ['256.1.1.1', '1.2.3.999', '1.2.3.1000', '1.2.3.-1', '1.2.3.+1']],
    ['leading zeros', ['01.2.3.4', '1.2.3.04', '1.2.3.00', '1.2.3.4:080']],
    ['other notations', ['0x1.2.3.4', '1.2.3.a', '1.2.3.4 ', ' 1.2.3.4', '1,2,3,4', '1.2.3.4/24']],
    [
      'a wrong port',
      ['1.2.3.4:', '1.2.3.4:65536', '1.2.3.4:x', '1.2.3.4:100000', '1.2.3.4:1:2', '[::1]:', '[::1]:70000'],
    ],
    ['something behind the bracket', ['[::1]x', '[::1]80', '[::1]]', '[::1] :80']],
    ['brackets that are not a pair', ['[::1', '::1]', '[::1:80', '[[::1]]']],
    ['brackets around IPv4', ['[1.2.3.4]', '[1.2.3.4]:80']],
    ['a zone', ['fe80::1%eth0', '[fe80::1%1]:80', 'fe80::1%']],
    ['too few groups', ['1:2:3:4:5:6:7', '1:2', '1:2:3:4:5:6:7:', '1:2:3:4:5:1.2.3.4']],
    [
      'too many groups',
      ['1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '::1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:1.2.3.4'],
    ],
    ['a gap twice or too wide', ['1::2::3', ':::', '1:::2', ':::1', '::1::']],
    ['a single colon at an end', [':1:2:3:4:5:6:7', '1:2:3:4:5:6:7:', ':1', '1::2:', ':1::2']],
    ['groups that are too long or no hexadecimal', ['12345::', '::g', '::-1', '::1 ', '1:2:3:4:5:6:7:8x']],
    ['IPv4 in the middle', ['::1.2.3.4:5', '1.2.3.4::', '::1.2.3.4.5', '::1.2.3', '::1.2.3.256']],
    ['no address', ['localhost', 'envoy://internal', '/var/run/socket', '@abstract', 'unix:/a']],
  ])('refuses %s', (_, texts) => {
    for (const text of texts) expect(parse(text), text).toBe('refused')
  })

  test('refuses a text that is absent or unreadable', () => {
    expect(guarded((room) => pure.parseAddress(0n, room.output(16)))).toBe(0)
    expect(guarded((room) => pure.parseAddress(UNREADABLE, room.output(16)))).toBe(0)
  })

  test('agrees with node:net about what an address is, and with the URL parser about which', () => {
    const noise = fc.array(fc.constantFrom('1', '0', 'ff', '255', '.', ':', '::', '1.2.3.4', 'g', '2001'), {
      maxLength: 12,
    })
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      noise.map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(text, (address) => {
        let expected = 'refused'
        if (isIPv4(address)) expected = Buffer.from(address.split('.').map(Number)).toString('hex')
        if (isIPv6(address)) expected = ipv6(address)
        if (expected.startsWith(MAPPED)) expected = expected.slice(MAPPED.length)
        // "1.2.3.4:1" is no address to node:net, but one with a port to Envoy.
        if (/^[\d.]+:\d+$/.test(address)) return
        expect(parse(address)).toBe(expected)
        if (isIPv4(address)) expect(parse(`${address}:443`)).toBe(expected)
        else expect(parse(`[${address}]:443`)).toBe(expected)
      }),
      cases(1_000, 20_000),
    )
  })
})

describe('masking an address', () => {
  test.each([
    ['c0a801ff', 24, 'c0a80100'],
    ['ffffffff', 0, '00000000'],
    ['ffffffff', 1, '80000000'],
    ['ffffffff', 9, 'ff800000'],
    ['ffffffff', 31, 'fffffffe'],
    ['ffffffff', 32, 'ffffffff'],
    ['ffffffff', 255, 'ffffffff'],
    ['20010db8ffffffffffffffffffffffff', 64, '20010db8ffffffff0000000000000000'],
    ['20010db8ffffffffffffffffffffffff', 45, '20010db8fff800000000000000000000'],
    ['ffffffffffffffffffffffffffffffff', 128, 'ffffffffffffffffffffffffffffffff'],
  ])('%s to %i bits is %s', (address, prefixBits, expected) => {
    expect(mask(address, prefixBits)).toBe(expected)
  })

  test('keeps exactly the addresses of one network together', () => {
    const address = fc.uint8Array({ minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(address, address, fc.integer({ min: 1, max: 32 }), (a, b, prefixBits) => {
        const network = new BlockList()
        network.addSubnet(a.join('.'), prefixBits)
        const same = mask(bytes(a).toString('hex'), prefixBits) === mask(bytes(b).toString('hex'), prefixBits)
        expect(same).toBe(network.check(b.join('.')))
      }),
      cases(500, 20_000),
    )
  })
})
