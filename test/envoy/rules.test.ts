import { promiseRules } from '../scenario/rules.ts'
import { inEnvoy } from './in-envoy.ts'

inEnvoy(({ kind }) => {
  promiseRules(kind)
})
