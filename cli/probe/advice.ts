import type { Cause } from './cause.ts'

/** What does not hinder a session, and is worth knowing. */
export type Note = 'one_pod' | 'shared_cookie' | 'envoy_cookie' | 'unnamed_answers' | 'failed_requests'

export interface Advice {
  /** What was seen. */
  readonly says: string
  /** What to look at, and what to write. */
  readonly advice: string
}

export const CAUSES: Readonly<Record<Cause, Advice>> = {
  pods_changed: {
    says: 'They moved once, when a pod was seen for the last time or for the first.',
    advice: 'Pods came or went meanwhile. Probe again when no rollout and no autoscaler is at work.',
  },
  per_connection: {
    says: 'They moved only where their connection changed.',
    advice:
      'Connections are balanced, not requests: the route is TCP, or the port is not named http. Name the port of the Service and of the Gateway http-...',
  },
  cookie_missing: {
    says: 'No answer set the cookie, and none was there to send.',
    advice:
      'Is Mooring in this proxy, and does no rule skip the path? Is --cookie the name in its configuration? Mooring sets none by http under secure: true, outside its domain, or on answers that caches keep.',
  },
  cookie_twice: {
    says: 'An answer set the cookie twice, to different values.',
    advice:
      'Two mint it: Mooring, and the application or a DestinationRule with ttl. Take ttl away, or give the application another name.',
  },
  cookie_refused: {
    says: "The cookie was set in a way that clients refuse, such as for a domain that is not the host's.",
    advice:
      'Set session.cookie.domain to the host or a parent of it, or leave it out. Is --host the name that clients use?',
  },
  cookie_secure: {
    says: 'The cookie was set with Secure and requests go over http, so clients do not return it.',
    advice:
      'Probe the https URL. Mooring itself sets no such cookie by http: the application does, or a proxy says that it was https.',
  },
  cookie_path: {
    says: "The cookie's Path does not cover all paths that were asked, so it was not returned there.",
    advice: 'Set session.cookie.path to /.',
  },
  cookie_not_kept: {
    says: 'The cookie was set and is over at once, so clients do not return it.',
    advice: 'Who deletes it? Look at its Max-Age and Expires.',
  },
  cookie_changes: {
    says: 'Most answers set the cookie to another value, though the client returned the one before.',
    advice:
      'Something else sets it: the application, or a proxy before this one that takes the cookie off the request. Give the application another name.',
  },
  first_request: {
    says: 'Only the first request went elsewhere; all later ones reached one pod.',
    advice:
      'The cookie is hashed, but whoever mints it does so too late to be on the first request. Let Mooring mint it, or adopt it.',
  },
  not_hashed: {
    says: 'The client returned one value all the time, and several pods answered.',
    advice:
      'Nothing hashes it: compare the name in the DestinationRule with key.header or the cookie; look for weighted routes, another DestinationRule of the host or its subset, and a port-level policy.',
  },
}

export const NOTES: Readonly<Record<Note, Advice>> = {
  one_pod: {
    says: 'All sessions met one pod.',
    advice:
      'There is only one, or all have one key: useSourceIp behind one address, a constant source, or one cookie for all.',
  },
  shared_cookie: {
    says: 'Sessions were given the same value of the cookie.',
    advice:
      'Envoy makes its own cookie of the connection, so all who share one share a pod. Let Mooring mint, before the DestinationRule does.',
  },
  envoy_cookie: {
    says: 'The cookie is of the form that Envoy itself mints.',
    advice: 'Mooring did not see these requests: it is not in this proxy, or a rule skips the path.',
  },
  unnamed_answers: {
    says: 'Some answers do not name a pod, and do not count.',
    advice: 'Proxies answer by themselves, such as with 404 or 503; look at the status codes.',
  },
  failed_requests: {
    says: 'Some requests got no answer, and do not count.',
    advice: 'Ask again with a lower --concurrency.',
  },
}

/** Printed where no answer names its pod. */
export const NO_POD_HEADER = (header: string): string =>
  `no answer has a header ${header}, so nobody can say which pod it came from. ` +
  'Name the right one with --pod-header, or add one: kubectl apply -f manifests/virtual-services/pod-header.yaml; docs/probe.md'
