// What only a script for Kamailio has. Such a script is refused with one sentence: nothing else that could be said
// of it would help.

import type { FaultList } from './faults.js'
import { quoted, type SourcePosition } from './source.js'

const DIRECTIVE =
  /^#!(?:KAMAILIO|SER|OPENSER|ALL|MAXCOMPAT|define|redefine|trydef|defenv|defexp|defexps|ifdef|ifndef|ifexp|else|endif|subst|substdef|substdefs)\b/
/** Modules that OpenSIPS never had. */
const MODULES = /^(?:.*\/)?(?:pv|kex|corex|siputils|textopsx|tmx|xhttp|htable|rtimer|jansson)(?:\.so)?$/
/** Words that begin a route, or what stands between routes, there and nowhere else. */
const WORDS = new Set([
  'request_route',
  'reply_route',
  'onsend_route',
  'loadpath',
  'loadmodulex',
  'modparamx',
])

export function refuseKamailio(faults: FaultList, at: SourcePosition, sign: string): never {
  const what = `this is a Kamailio script, as ${sign} shows, and hepcapd runs scripts of OpenSIPS`
  return faults.only(at, what, 'rewrite its capture part as OpenSIPS routes, or as a module for `--routes`')
}

export function refuseKamailioComment(faults: FaultList, at: SourcePosition, comment: string): void {
  const directive = DIRECTIVE.exec(comment)?.[0]
  if (directive) refuseKamailio(faults, at, quoted(directive))
}

export function refuseKamailioWord(faults: FaultList, at: SourcePosition, word: string): void {
  if (WORDS.has(word)) refuseKamailio(faults, at, quoted(word))
}

export function refuseKamailioModule(faults: FaultList, at: SourcePosition, path: string): void {
  if (MODULES.test(path)) refuseKamailio(faults, at, `its module ${quoted(path)}`)
}
