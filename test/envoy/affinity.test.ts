import { promiseAffinity } from '../scenario/affinity.ts'
import { inEnvoy } from './in-envoy.ts'

inEnvoy(({ kind }) => {
  promiseAffinity(kind, ['httpCookie', 'httpHeaderName', 'maglev'])
})
