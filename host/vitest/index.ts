/**
 * Matchers and a fixture for vitest. Importing this module teaches `expect` the matchers.
 *
 * @module
 */
import { expect } from 'vitest'
import type { LogLevel } from '../../assembly/proxy/abi.ts'
import { matchers } from './matchers.ts'

export { hostTest, type ProxyWasm } from './fixture.ts'
export { matchers, type Verdict, type WithHeaders, type WithReply, type WithStatus } from './matchers.ts'

expect.extend(matchers)

declare module 'vitest' {
  // Declarations of one interface have to name their parameters alike.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  interface Matchers<T = any> {
    /** The filter lets the request or answer go on, and has not answered itself. */
    toContinue(): T
    /** The filter has answered itself, with this status and, if given, this body. */
    toReplyLocally(status: number, body?: string): T
    /** There is a header of this name, and, if given, its only entry has this value. */
    toHaveHeader(name: string, value?: string | RegExp): T
    /** The guest has not trapped. */
    toBeAlive(): T
    /** A line was logged that contains the text, or matches; at one level, or at any. */
    toHaveLogged(text: string | RegExp, level?: LogLevel): T
    /** A counter has this value; one that no guest has defined is 0. */
    toHaveCounter(name: string, value: number | bigint): T
  }
}
