// What a variable of a script holds, and what an expression gives.

/**
 * A text alone is no number, even when it looks like one; a number has a text too, its decimal digits. NULL is not
 * the empty text.
 */
export type Value = null | string | number | TextAndNumber

/** A text with a number beside it: `$rm` and the method's id, or the result of `{s.int}`. */
export interface TextAndNumber {
  readonly text: string
  readonly number: number
  /** Which of the two it stands for where both would do. */
  readonly prefersNumber: boolean
}
