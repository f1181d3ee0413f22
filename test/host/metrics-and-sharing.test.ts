import { describe, expect, test } from 'vitest'

import { Metrics, MetricType, SharedData, SharedQueues, Status } from '../../host/index.ts'
import { configuring, Driver, MEMORY_END, OK } from './driver.ts'

const { Ok, NotFound, BadArgument, InvalidMemoryAccess, Empty, CasMismatch } = Status

describe('metrics', () => {
  const define = (driver: Driver, type: number, name: string): number => {
    const out = driver.room(4)
    expect(driver.call('proxy_define_metric', type, ...driver.bytes(name), out)).toBe(Ok)
    return driver.u32(out)
  }
  const value = (driver: Driver, id: number): number | bigint => {
    const out = driver.room(8)
    const status = driver.call('proxy_get_metric', id, out)
    return status === OK ? BigInt(driver.u32(out)) + (BigInt(driver.u32(out + 4)) << 32n) : status
  }

  test('ids step by four with the type in the low bits, and a name defined twice is one statistic', () => {
    const driver = new Driver()
    const ids = configuring(driver, () => {
      const first = define(driver, MetricType.Counter, 'requests')
      const again = define(driver, MetricType.Counter, 'requests')
      driver.call('proxy_increment_metric', first, 2n)
      driver.call('proxy_increment_metric', again, 3n)
      return [first, again, define(driver, MetricType.Gauge, 'g'), define(driver, MetricType.Histogram, 'h')]
    })
    expect(ids.map((id) => id & 3)).toEqual([0, 0, 1, 2])
    expect((ids[1] ?? 0) - (ids[0] ?? 0)).toBe(4)
    expect(driver.vm.metrics.counter('requests')).toBe(5n)
    expect(driver.vm.metrics.all()).toEqual({ g: 0n, requests: 5n })
    expect(String(driver.vm.metrics)).toBe('wasmcustom.g: 0\nwasmcustom.requests: 5\n')
  })

  test('a counter grows only, a gauge goes both ways, a histogram keeps what is recorded', () => {
    const driver = new Driver()
    const statuses = configuring(driver, () => {
      const counter = define(driver, MetricType.Counter, 'c')
      const gauge = define(driver, MetricType.Gauge, 'g')
      const histogram = define(driver, MetricType.Histogram, 'h')
      return [
        driver.call('proxy_increment_metric', counter, 0n),
        driver.call('proxy_increment_metric', counter, -1n),
        driver.call('proxy_record_metric', counter, 7n),
        driver.call('proxy_increment_metric', gauge, 5n),
        driver.call('proxy_increment_metric', gauge, -2n),
        driver.call('proxy_increment_metric', histogram, 1n),
        driver.call('proxy_record_metric', histogram, 9n),
        value(driver, counter),
        value(driver, gauge),
        value(driver, histogram),
      ]
    })
    expect(statuses).toEqual([BadArgument, BadArgument, Ok, Ok, Ok, BadArgument, Ok, 7n, 3n, BadArgument])
    expect(driver.vm.metrics.histogram('h')).toEqual([9n])
    expect(driver.vm.metrics.gauge('g')).toBe(3n)
  })

  test('unknown ids are NotFound, and memory is read before the type is looked at', () => {
    const driver = new Driver()
    const statuses = configuring(driver, () => {
      const [name, size] = driver.bytes('m')
      return [
        driver.call('proxy_define_metric', 9, MEMORY_END, 1, 0),
        driver.call('proxy_define_metric', 9, name, size, 0),
        driver.call('proxy_define_metric', 0, name, size, MEMORY_END),
        driver.call('proxy_increment_metric', 400, 1n),
        driver.call('proxy_record_metric', 400, 1n),
        driver.call('proxy_get_metric', 400, 0),
        driver.call('proxy_get_metric', 3, 0),
      ]
    })
    expect(statuses).toEqual([
      InvalidMemoryAccess,
      BadArgument,
      InvalidMemoryAccess,
      NotFound,
      NotFound,
      NotFound,
      BadArgument,
    ])
  })

  test('are shared by the VMs that are given the same', () => {
    const metrics = new Metrics()
    for (const driver of [new Driver({ metrics }), new Driver({ metrics })]) {
      configuring(driver, () => driver.call('proxy_increment_metric', define(driver, 0, 'c'), 1n))
    }
    expect(metrics.counter('c')).toBe(2n)
    expect([metrics.counter('never'), metrics.isDefined(MetricType.Counter, 'never')]).toEqual([0n, false])
  })
})

describe('shared data', () => {
  const set = (driver: Driver, key: string, data: string, cas = 0): number =>
    driver.call('proxy_set_shared_data', ...driver.bytes(key), ...driver.bytes(data), cas)
  const get = (driver: Driver, key: string): unknown => {
    const out = driver.room(12)
    const status = driver.call('proxy_get_shared_data', ...driver.bytes(key), out, out + 4, out + 8)
    return status === OK ? [driver.text(driver.u32(out), driver.u32(out + 4)), driver.u32(out + 8)] : status
  }

  test('is written only over the value that was read, unless cas is 0 or the key is new', () => {
    const driver = new Driver()
    const seen = configuring(driver, () => [
      get(driver, 'k'),
      set(driver, 'k', 'a', 77),
      get(driver, 'k'),
      set(driver, 'k', 'b', 99),
      set(driver, 'k', 'b', 1),
      set(driver, 'k', 'c', 0),
      get(driver, 'k'),
    ])
    expect(seen).toEqual([NotFound, Ok, ['a', 1], CasMismatch, Ok, Ok, ['c', 3]])
  })

  test('is one namespace for each vm_id', () => {
    const sharedData = new SharedData()
    const [first, same, other] = ['vm', 'vm', ''].map((vmId) => new Driver({ vmId, sharedData }))
    if (first === undefined || same === undefined || other === undefined) throw new Error('three drivers')
    configuring(first, () => set(first, 'k', 'v'))
    expect(configuring(same, () => get(same, 'k'))).toEqual(['v', 1])
    expect(configuring(other, () => get(other, 'k'))).toBe(NotFound)
    expect(sharedData.get('vm', 'k')).toEqual({ value: 'v', cas: 1 })
  })
})

describe('shared queues', () => {
  test('tell the last registrar of each item, and answer Empty and NotFound', () => {
    const sharedQueues = new SharedQueues()
    const receiver = new Driver({ vmId: 'a', sharedQueues })
    const sender = new Driver({ vmId: 'b', sharedQueues })
    const token = configuring(receiver, () => {
      const out = receiver.room(4)
      receiver.call('proxy_register_shared_queue', ...receiver.bytes('q'), out)
      return receiver.u32(out)
    })
    const statuses = configuring(sender, () => {
      const out = sender.room(4)
      const resolve = (id: string, name: string): number =>
        sender.call('proxy_resolve_shared_queue', ...sender.bytes(id), ...sender.bytes(name), out)
      return [
        resolve('b', 'q'),
        resolve('', 'q'),
        resolve('a', 'q'),
        sender.call('proxy_enqueue_shared_queue', sender.u32(out), ...sender.bytes('item')),
        sender.call('proxy_enqueue_shared_queue', 99, ...sender.bytes('item')),
        sender.call('proxy_dequeue_shared_queue', 99, out, out),
      ]
    })
    expect(statuses).toEqual([NotFound, NotFound, Ok, Ok, NotFound, NotFound])
    const items: unknown[] = []
    receiver.on['proxy_on_queue_ready'] = (root, ready) => {
      items.push([root, ready])
      items.push(receiver.fetch('proxy_dequeue_shared_queue', token))
      items.push(receiver.fetch('proxy_dequeue_shared_queue', token))
      return undefined
    }
    receiver.vm.deliverQueues()
    expect(items).toEqual([[1, token], { status: Ok, value: 'item' }, { status: Empty, value: undefined }])
  })
})
