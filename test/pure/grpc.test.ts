import { describe, expect, test } from 'vitest'
import { UNREADABLE, guarded, pure, textOf } from './module.ts'

const called = (path: string): string[] =>
  guarded((room) => {
    const slice = room.input(path)
    return [textOf(pure.grpcService(slice)), textOf(pure.grpcMethod(slice))]
  })

const isGrpc = (contentType: string): boolean =>
  guarded((room) => pure.isGrpcContentType(room.input(contentType))) === 1

describe('what a gRPC request calls', () => {
  test.each([
    ['/shop.v1.Carts/GetItem', 'shop.v1.Carts', 'GetItem'],
    ['/Carts/Get_2', 'Carts', 'Get_2'],
    ['/_/_', '_', '_'],
  ])('%s', (path, service, method) => {
    expect(called(path)).toEqual([service, method])
  })

  test.each([
    '',
    '/',
    '//',
    '/Carts',
    '/Carts/',
    '//Get',
    'Carts/Get',
    '/Carts/Get/',
    '/a/b/c',
    '/Carts/Get?x=1',
    '/Carts/Ge.t',
    '/Car%74s/Get',
    '/Carts;v/Get',
    '/Cärts/Get',
  ])('%j is no call', (path) => {
    expect(called(path)).toEqual(['ABSENT', 'ABSENT'])
  })

  test('no path, no call', () => {
    expect(textOf(pure.grpcService(0n))).toBe('ABSENT')
    expect(textOf(pure.grpcMethod(UNREADABLE))).toBe('ABSENT')
  })
})

describe('telling gRPC by its content type', () => {
  test.each(['application/grpc', 'application/grpc+proto', 'application/grpc+'])('%s is', (contentType) => {
    expect(isGrpc(contentType)).toBe(true)
  })

  test.each([
    '',
    'application/grp',
    'application/grpc-web',
    'application/grpc-web+proto',
    'application/grpc;charset=utf-8',
    'Application/grpc',
    ' application/grpc',
    'text/plain',
  ])('%j is not', (contentType) => {
    expect(isGrpc(contentType)).toBe(false)
  })

  test('absent and unreadable are not', () => {
    expect(pure.isGrpcContentType(0n)).toBe(0)
    expect(pure.isGrpcContentType(UNREADABLE)).toBe(0)
  })
})
