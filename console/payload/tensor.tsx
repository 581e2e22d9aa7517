// A tensor as what it is: dtype, shape, the span of its values, the first of them.
import type { TensorFacts } from '../../layers/seriatim/inspection/api.ts';
import { countText, numberText } from '../ui/format.ts';

export function Tensor({ tensor }: { readonly tensor: TensorFacts }) {
  const { name, datatype, shape, elements, min, mean, max, notFinite, first } = tensor;
  return (
    <dl className="tensor">
      {name !== undefined && <Pair name="name" text={name} />}
      <Pair name="dtype" text={datatype} />
      <Pair name="shape" text={`[${shape.join(', ')}]`} />
      <Pair name="min" text={numberText(min)} />
      <Pair name="mean" text={numberText(mean)} />
      <Pair name="max" text={numberText(max)} />
      {notFinite > 0 && <Pair name="not finite" text={countText(notFinite)} />}
      <Pair
        name={`first ${first.length} of ${countText(elements)}`}
        text={first.map((one) => (typeof one === 'number' ? numberText(one) : String(one))).join(', ')}
      />
    </dl>
  );
}

function Pair({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  );
}
