import type { Rule } from '../finding.ts'
import * as deployment from './deployment.ts'
import * as destinationRule from './destination-rule.ts'
import * as image from './image.ts'
import * as names from './names.ts'
import * as object from './object.ts'
import * as persistentSession from './persistent-session.ts'
import * as routes from './routes.ts'
import * as services from './services.ts'
import * as session from './session.ts'

const isRule = (value: unknown): value is Rule =>
  typeof value === 'object' && value !== null && 'code' in value

/** Everything that is looked for across objects. */
export const RULES: readonly Rule[] = [
  object,
  names,
  deployment,
  image,
  session,
  destinationRule,
  persistentSession,
  routes,
  services,
].flatMap((module) => Object.values<unknown>(module).filter(isRule))
