import { describe, expect, test } from 'vitest'

import { LogLevel, ManualClock, seededRandom, Status, systemClock } from '../../host/index.ts'
import { importSignature } from '../../host/imports.ts'
import { configuring, Driver, MEMORY_END, DRIVEN_HOSTCALLS } from './driver.ts'

const { Ok, BadArgument, InvalidMemoryAccess } = Status

describe('the log', () => {
  test('keeps level, text and root; below the level of the VM nothing is kept', () => {
    const driver = new Driver({ logLevel: LogLevel.Warn })
    const [level, ...statuses] = configuring(driver, () => {
      const out = driver.room(4)
      driver.call('proxy_get_log_level', out)
      return [
        driver.u32(out),
        driver.call('proxy_log', LogLevel.Info, ...driver.bytes('quiet')),
        driver.call('proxy_log', LogLevel.Critical, ...driver.bytes('\xc3\xa9')),
        driver.call('proxy_log', 6, MEMORY_END, 1),
        driver.call('proxy_log', 2, MEMORY_END, 1),
      ]
    })
    expect([level, statuses]).toEqual([LogLevel.Warn, [Ok, Ok, BadArgument, InvalidMemoryAccess]])
    expect(driver.vm.logs.entries).toEqual([
      { level: LogLevel.Critical, message: 'é', rootId: 'root', from: 'guest' },
    ])
  })

  test('takes what is written to standard output as info, to standard error as error, without one newline', () => {
    const driver = new Driver()
    const seen = configuring(driver, () => {
      const [a, aSize] = driver.bytes('two ')
      const [b, bSize] = driver.bytes('parts\n\n')
      const iovs = driver.room(24)
      for (const [i, word] of [a, aSize, b, bSize, 0, 0].entries())
        driver.vm.memory.writeU32(iovs + i * 4, word)
      const out = driver.room(4)
      return [
        driver.call('fd_write', 1, iovs, 3, out),
        driver.u32(out),
        driver.call('fd_write', 2, iovs, 1, out),
        driver.call('fd_write', 3, MEMORY_END, 1, out),
        driver.call('fd_write', 1, MEMORY_END - 4, 1, out),
        driver.call('fd_write', 1, iovs, 0, MEMORY_END - 3),
        driver.call('fd_write', 1, iovs, 0, out),
      ]
    })
    expect(seen).toEqual([0, 11, 0, 8, 21, 21, 0])
    expect(driver.vm.logs.entries.map(({ level, message }) => [level, message])).toEqual([
      [LogLevel.Info, 'two parts\n'],
      [LogLevel.Error, 'two '],
    ])
  })
})

describe('time, chance and environment', () => {
  const u64 = (driver: Driver, address: number): bigint =>
    BigInt(driver.u32(address)) + (BigInt(driver.u32(address + 4)) << 32n)

  test('the clocks are the ones that were given, and stand still until they are moved', () => {
    const clock = new ManualClock(new Date('2030-01-01T00:00:00Z'))
    const driver = new Driver({ clock })
    driver.vm.advance(1.5)
    const seen = configuring(driver, () => {
      const out = driver.room(24)
      driver.call('proxy_get_current_time_nanoseconds', out)
      driver.call('clock_time_get', 0, 0n, out + 8)
      driver.call('clock_time_get', 1, 0n, out + 16)
      return [u64(driver, out), u64(driver, out + 8), u64(driver, out + 16)]
    })
    const now = BigInt(Date.parse('2030-01-01T00:00:00Z')) * 1_000_000n + 1_500_000n
    expect(seen).toEqual([now, now, 1_000_001_500_000n])
    clock.setRealtime(new Date(0))
    expect([clock.realtime(), clock.monotonic()]).toEqual([0n, 1_000_001_500_000n])
  })

  test('other clocks, bad pointers and too many random bytes are refused with their errno', () => {
    const driver = new Driver()
    const statuses = configuring(driver, () => {
      const out = driver.room(8)
      return [
        driver.call('clock_time_get', 2, 0n, out),
        driver.call('clock_time_get', 0, 0n, MEMORY_END - 7),
        driver.call('proxy_get_current_time_nanoseconds', MEMORY_END - 7),
        driver.call('clock_res_get', 0, out),
        u64(driver, out),
        driver.call('clock_res_get', 3, out),
        driver.call('random_get', out, 65_537),
        driver.call('random_get', MEMORY_END, 0),
        driver.call('random_get', MEMORY_END - 1, 2),
      ]
    })
    expect(statuses).toEqual([58, 21, InvalidMemoryAccess, 0, 1n, 58, 28, 0, 21])
  })

  test('random bytes are the same for the same seed, and different for another', () => {
    const draw = (seed?: number): string => {
      const driver = new Driver(seed === undefined ? {} : { random: seededRandom(seed) })
      return configuring(driver, () => {
        const out = driver.room(16)
        driver.call('random_get', out, 16)
        return Buffer.from(driver.text(out, 16), 'latin1').toString('hex')
      })
    }
    expect(draw(1)).toBe(draw())
    expect(new Set([draw(1), draw(2), draw(3)]).size).toBe(3)
  })

  test('the environment is handed over as NAME=value with a NUL after each', () => {
    const driver = new Driver({ environment: { A: '1', LONG: 'ü' } })
    const seen = configuring(driver, () => {
      const sizes = driver.room(8)
      driver.call('environ_sizes_get', sizes, sizes + 4)
      const pointers = driver.room(8)
      const texts = driver.room(16)
      const status = driver.call('environ_get', pointers, texts)
      return [
        status,
        driver.u32(sizes),
        driver.u32(sizes + 4),
        driver.u32(pointers) - texts,
        driver.u32(pointers + 4) - texts,
        driver.text(texts, 12),
        driver.call('environ_get', pointers, MEMORY_END - 1),
        driver.call('environ_sizes_get', sizes, MEMORY_END),
      ]
    })
    expect(seen).toEqual([0, 2, 12, 0, 4, 'A=1\0LONG=\xc3\xbc\0', 21, 21])
  })

  test('a VM whose clock moves by itself runs the ticks that are due when it is asked to', () => {
    const driver = new Driver({ clock: systemClock })
    configuring(driver, () => driver.call('proxy_set_tick_period_milliseconds', 3_600_000))
    driver.vm.runDueTicks()
    expect(driver.callbacks.filter((name) => name.startsWith('proxy_on_tick'))).toEqual([])
    expect(driver.vm.nextTickIn).toBeGreaterThan(3_000_000)
    expect(() => {
      driver.vm.advance(1)
    }).toThrow('the VM has a clock that moves by itself: call runDueTicks() instead')
  })
})

describe('what WASI has besides', () => {
  test.each<[string, (number | bigint)[], number]>([
    ['args_get', [0, 0], 0],
    ['proc_exit', [1], 0],
    ['fd_seek', [1, 0n, 0, 0], 0],
    ['fd_close', [1], 0],
    ['fd_read', [0, 0, 0, 0], 52],
    ['fd_fdstat_get', [3, 0], 8],
    ['fd_fdstat_set_flags', [1, 0], 52],
    ['fd_prestat_get', [3, 0], 8],
    ['fd_prestat_dir_name', [3, 0, 0], 52],
    ['fd_filestat_get', [1, 0], 8],
    ['path_open', [3, 0, 0, 0, 0, 0n, 0n, 0, 0], 44],
    ['sched_yield', [], 0],
    ['fd_sync', [1], 0],
    ['fd_sync', [3], 8],
    ['sock_shutdown', [1, 0], 58],
    ['fd_renumber', [1, 2], 58],
    ['fd_renumber', [1, 3], 8],
    ['fd_renumber', [0, 1], 8],
    ['fd_tell', [3, 0], 8],
    ['fd_tell', [2, MEMORY_END - 7], 21],
    ['sock_accept', [3, 0, MEMORY_END - 7], 21],
    ['sock_recv', [3, 0, 0, 0, 0, MEMORY_END - 1], 21],
    ['sock_recv', [3, 0, 0, 0, 0, MEMORY_END - 2], 58],
  ])('%s answers without a file system', (name, args, errno) => {
    const driver = new Driver()
    expect(configuring(driver, () => driver.call(name, ...args))).toBe(errno)
    expect(driver.vm.isAlive).toBe(true)
  })

  test('no arguments, no events, and a standard output that can be written', () => {
    const driver = new Driver()
    const seen = configuring(driver, () => {
      const out = driver.room(40)
      return [
        driver.call('args_sizes_get', out, out + 4),
        driver.call('poll_oneoff', 0, 0, 0, out + 8),
        driver.call('fd_fdstat_get', 1, out + 16),
        driver.text(out, 40),
      ]
    })
    expect(seen).toEqual([0, 0, 0, `${'\0'.repeat(12)}????${'\0'.repeat(8)}@${'\0'.repeat(15)}`])
  })

  test('what says that there is nothing writes as many bytes as Envoy does', () => {
    const driver = new Driver()
    const seen = configuring(driver, () => {
      const out = driver.room(40)
      return [
        driver.call('fd_tell', 1, out),
        driver.call('sock_accept', 3, 0, out + 12),
        driver.call('sock_recv', 3, 0, 0, 0, out + 24, out + 32),
        driver.text(out, 36),
      ]
    })
    const zeros = (size: number): string => '\0'.repeat(size)
    expect(seen).toEqual([0, 58, 58, `${zeros(8)}????${zeros(8)}????${zeros(4)}????${zeros(2)}??`])
  })

  test('every hostcall that Envoy has can be imported, and none traps on arguments of zero', () => {
    const driver = new Driver()
    configuring(driver, () => {
      for (const name of DRIVEN_HOSTCALLS) {
        if (name === 'proxy_call_foreign_function') continue
        const signature =
          importSignature('env', name, '0.2.1') ?? importSignature('wasi_unstable', name, '0.2.1')
        const [parameters = ''] = (signature ?? '').split('>')
        const args = parameters.split('').map((type) => (type === 'I' ? 0n : 0))
        driver.call(name, ...args)
      }
      return true
    })
    expect(driver.vm.isAlive).toBe(true)
  })
})
