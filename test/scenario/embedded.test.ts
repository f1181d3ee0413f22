import { describe } from 'vitest'
import { embeddedIngress } from '../../demo/embedded-ingress.ts'
import { promiseAffinity } from './affinity.ts'
import { promiseRules } from './rules.ts'

describe('in the embedded host', () => {
  promiseAffinity(embeddedIngress(), ['httpCookie', 'httpHeaderName', 'maglev'])
  promiseRules(embeddedIngress())
})
