// The state machine as a graph, coloured by what happened: states that were entered with their status and time, those
// that were not in outline. Loaded only when it is asked for: React Flow and dagre are half of the page's bytes.
import {
  Background,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from '@xyflow/react';
import { useMemo } from 'react';
import type { ExecutionView, GraphEdge, StageView } from '../../layers/seriatim/inspection/view.ts';
import { executionHref, type StageAddress } from '../route.ts';
import { lengthText, tookMs } from '../ui/format.ts';
import { STATUS_WORDS, StatusIcon, toneOf } from '../ui/status.tsx';
import { type Placed, placeStates } from './graph-layout.ts';
import type { StagesProps } from './waterfall.tsx';

interface StateData extends Record<string, unknown> {
  readonly placed: Placed;
  readonly visits: readonly StageView[];
  readonly href: string | undefined;
  readonly isChosen: boolean;
}

/** Above the graph there is room for the buttons. */
const FIT = { padding: { top: '52px', bottom: '5%', left: '5%', right: '5%' }, maxZoom: 1 } as const;
const NODE_TYPES = { state: State };

export default function Graph({ execution, chosen, view }: StagesProps) {
  const { graph } = execution;
  const placed = useMemo(() => (graph === undefined ? [] : placeStates(graph)), [graph]);
  const nodes = useMemo(
    () => placed.map((one) => nodeOf(one, { execution, chosen, view })),
    [placed, execution, chosen, view],
  );
  const edges = useMemo(() => edgesOf(execution), [execution]);
  return (
    <div className="graph">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        fitView
        fitViewOptions={FIT}
        minZoom={0.1}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        onlyRenderVisibleElements={nodes.length > 200}
        proOptions={{ hideAttribution: true }}
        aria-label="Graph of the state machine"
      >
        <Background gap={18} />
        <Controls showInteractive={false} fitViewOptions={FIT} orientation="horizontal" position="top-left" />
      </ReactFlow>
    </div>
  );
}

interface Drawing {
  readonly execution: ExecutionView;
  readonly chosen: StageAddress | undefined;
  readonly view: string | null;
}

function nodeOf(placed: Placed, { execution, chosen, view }: Drawing): Node<StateData> {
  const { node, x, y, width, height } = placed;
  const visits = execution.stages.filter(({ name }) => name === node.id);
  const last = visits.at(-1);
  const href = last && executionHref(execution.id, { name: last.name, visit: last.visit }, view);
  return {
    id: node.id,
    type: 'state',
    position: { x, y },
    width,
    height,
    ...(node.parent === undefined ? {} : { parentId: node.parent }),
    data: { placed, visits, href, isChosen: chosen?.name === node.id },
  };
}

function State({ data: { placed, visits, href, isChosen } }: NodeProps<Node<StateData>>) {
  const last = visits.at(-1);
  const { node, isGroup } = placed;
  const tone = last === undefined ? 'unvisited' : toneOf(last.status);
  return (
    <div
      className={['state', tone, isGroup && 'group', isChosen && 'chosen'].filter(Boolean).join(' ')}
      title={node.comment}
    >
      <Handle type="target" position={Position.Top} />
      {href === undefined ? (
        <span className="state-name">{node.id}</span>
      ) : (
        <a className="state-name" href={href}>
          <StatusIcon status={last!.status} />
          {node.id}
          <span className="unseen">, {STATUS_WORDS[last!.status]}</span>
        </a>
      )}
      <span className="state-note">
        {node.type}
        {last !== undefined && ` · ${lengthText(tookMs(last))}`}
        {visits.length > 1 && ` · ${visits.length} visits`}
      </span>
      <Handle type="source" position={Position.Bottom} />
    </div>
  );
}

function edgesOf({ graph, stages }: ExecutionView): Edge[] {
  const entered = new Set(stages.map(({ name }) => name));
  const taken = new Set(stages.slice(1).map((stage, at) => `${stages[at]!.name} ${stage.name}`));
  const parents = new Map(graph?.nodes.map(({ id, parent }) => [id, parent]));
  // From a Map to its own first state: that one stands inside it, which says as much.
  const drawn = graph?.edges.filter(({ from, to }) => parents.get(to) !== from) ?? [];
  return drawn.map((edge) => {
    const isTaken = taken.has(`${edge.from} ${edge.to}`) && entered.has(edge.to);
    return {
      id: `${edge.from} ${edge.to} ${edge.kind} ${edge.label ?? ''}`,
      source: edge.from,
      target: edge.to,
      className: [edge.kind, isTaken ? 'taken' : ''].join(' '),
      ...labelOf(edge),
      zIndex: 1,
      markerEnd: {
        type: MarkerType.ArrowClosed,
        color: isTaken ? 'var(--accent)' : 'var(--quiet)',
        width: isTaken ? 10 : 16,
        height: isTaken ? 10 : 16,
      },
    };
  });
}

/** `{% $states.input.quality < 0.3 %}` in short: `quality < 0.3`. */
function labelOf({ kind, label }: GraphEdge): { label?: string } {
  if (kind !== 'choice' || label === undefined) return {};
  const short = label.replace(/^\{%\s*|\s*%\}$/g, '').replaceAll('$states.input.', '');
  return { label: short.length > 40 ? `${short.slice(0, 39)}…` : short };
}
