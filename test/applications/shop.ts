import type { StartPod } from './pod.ts'

/**
 * A shop, as frameworks make one. Each answer names its pod in `x-pod`.
 *
 *     GET  /                a form to sign in
 *     POST /basket          begins a session and puts something into the basket: `basket N`
 *     POST /login  user=U   gives the session a new id, which keeps the basket, and leads to /act
 *     GET  /act             one thing more: `U N`, or 401 for somebody who is not signed in
 *     POST /logout          ends the session: `bye`
 */
export interface Shop {
  readonly name: string
  /** The cookie that its framework sets. */
  readonly cookie: string
  readonly startPod: StartPod
}
