// Which artefacts answered a call: our containers say so in the answer's `CustomAttributes`, as
// `model=…;sha256=…;load=…`, one group per container, divided by commas. Other containers need not. Pure.
import { readMarks } from '../inspection/marks.ts';
import type { ModelArtefact } from './part.ts';

export function artefactsIn(customAttributes: string | undefined): ModelArtefact[] {
  return readMarks(customAttributes).flatMap(({ model, checksum }) =>
    checksum === undefined ? [] : [{ ...(model === undefined ? {} : { model }), checksum }],
  );
}
