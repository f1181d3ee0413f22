import { describe, expect, test } from 'vitest'
import { UNREADABLE, guarded, pure, textOf } from './module.ts'

const serviceOf = (cluster: string): string => guarded((room) => textOf(pure.serviceOf(room.input(cluster))))

describe('the service that a cluster is about', () => {
  test.each([
    ['outbound|8080|v1|cart.shop.svc.cluster.local', 'cart.shop.svc.cluster.local'],
    ['inbound-vip|8080|http|cart.shop.svc.cluster.local', 'cart.shop.svc.cluster.local'],
    ['inbound|8080||', 'ABSENT'],
    ['my_backend', 'my_backend'],
    ['|a', 'a'],
    ['|', 'ABSENT'],
    ['', 'ABSENT'],
  ])('%j: %s', (cluster, service) => {
    expect(serviceOf(cluster)).toBe(service)
  })

  test('is none where there is no cluster, and unreadable where that is', () => {
    expect(textOf(pure.serviceOf(0n))).toBe('ABSENT')
    expect(textOf(pure.serviceOf(UNREADABLE))).toBe('UNREADABLE')
  })
})
