// What routes ask for that concerns the message itself: rows, chunks, packets. The runner of messages does it; the
// functions of scripts and of modules call it.

import type { Capture } from './api.js'

export type CaptureActions = Pick<
  Capture,
  | 'sipCapture'
  | 'sipCaptureAsync'
  | 'reportCapture'
  | 'reportCaptureAsync'
  | 'hepGet'
  | 'hepSet'
  | 'hepDel'
  | 'hepRelay'
  | 'hepResumeSip'
  | 'correlate'
>
