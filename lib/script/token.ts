// The words of a script, and how messages name them.

import { quoted, type SourcePosition } from './source.js'

export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'variable' | 'address' | 'sign' | 'end'
  /** As written; of a text what it means, its escapes undone. */
  readonly text: string
  /** Of a number. */
  readonly value: number
  readonly at: SourcePosition
  /** Offset of what follows it. */
  readonly end: number
  /** Nothing stands before it in its line. */
  readonly isFirst: boolean
}

export const isWord = (token: Token, text: string): boolean => token.kind === 'word' && token.text === text
export const isSign = (token: Token, text: string): boolean => token.kind === 'sign' && token.text === text

/** For "found ...". */
export function named({ kind, text, at, end }: Token): string {
  if (kind === 'end') return 'the end of the file'
  if (kind === 'text') return `the text ${quoted(at.source.text.slice(at.offset, end))}`
  return quoted(text)
}

/** A text without its second quote; it was reported. */
export function isUnclosed({ kind, at, end }: Token): boolean {
  const { text } = at.source
  return kind === 'text' && (end - at.offset < 2 || text.charAt(end - 1) !== text.charAt(at.offset))
}

/** Just after it: where something is missing. */
export const after = ({ at, end }: Token): SourcePosition => at.forward(end)
