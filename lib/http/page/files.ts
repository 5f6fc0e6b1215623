// The files of the page, as they are in the folder `page` of the package: read once, served as they are. They tell
// nothing of the daemon, so that they are for everybody who may open the door; what they show they ask for.

import { readFileSync } from 'node:fs'
import type { HttpHandler } from '../handler.js'

/** Nothing from elsewhere, nothing inline, and no string becomes markup. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
}

const SCRIPT = 'text/javascript; charset=utf-8'

const FILES = [
  { path: '/', file: 'page.html', type: 'text/html; charset=utf-8' },
  { path: '/page.css', file: 'page.css', type: 'text/css; charset=utf-8' },
  { path: '/page.svg', file: 'page.svg', type: 'image/svg+xml' },
  { path: '/page.js', file: 'page.js', type: SCRIPT },
  { path: '/page-rates.js', file: 'page-rates.js', type: SCRIPT },
  { path: '/page-rows.js', file: 'page-rows.js', type: SCRIPT },
  { path: '/page-view.js', file: 'page-view.js', type: SCRIPT },
] as const

/** Reads them all: a file that is missing is missed at the start. */
export function fileHandlers(): HttpHandler[] {
  return FILES.map(({ path, file, type }): HttpHandler => {
    const body = readFileSync(new URL(`../../../../page/${file}`, import.meta.url))
    return {
      method: 'GET',
      path,
      isPublic: true,
      answer: () => ({ status: 200, type, body, headers: HEADERS }),
    }
  })
}
