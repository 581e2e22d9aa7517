// Where the states of a state machine stand in its drawing: dagre lays out each level on its own, and a Map or
// Parallel takes the room that its own states need. Pure.
import { Graph, layout } from '@dagrejs/dagre';
import type { GraphNode, GraphView } from '../../layers/seriatim/inspection/view.ts';

export interface Placed {
  readonly node: GraphNode;
  /** Of the upper left corner, within the parent. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly isGroup: boolean;
}

export const NODE = { width: 190, height: 54 } as const;
/** Room for the name of a Map above its own states. */
const GROUP_HEAD = 58;
const GROUP_MARGIN = 14;

/** Parents stand before what lies in them. */
export function placeStates(graph: GraphView): readonly Placed[] {
  return placeLevel(graph, undefined).placed;
}

interface Level {
  readonly placed: readonly Placed[];
  readonly width: number;
  readonly height: number;
}

function placeLevel(graph: GraphView, parent: string | undefined): Level {
  const nodes = graph.nodes.filter((node) => node.parent === parent);
  const inner = new Map(
    nodes
      .filter(({ id }) => graph.nodes.some((node) => node.parent === id))
      .map(({ id }) => [id, placeLevel(graph, id)]),
  );
  const drawn = new Graph();
  drawn.setGraph({ rankdir: 'TB', ranksep: 36, nodesep: 28 });
  drawn.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) drawn.setNode(id, sizeOf(inner.get(id)));
  for (const { from, to } of graph.edges) {
    if (drawn.hasNode(from) && drawn.hasNode(to)) drawn.setEdge(from, to);
  }
  layout(drawn);
  const { width = 0, height = 0 } = drawn.graph();
  return { placed: nodes.flatMap((node) => placeOne(node, { drawn, inner, parent })), width, height };
}

function sizeOf(inner: Level | undefined): { width: number; height: number } {
  if (inner === undefined) return { ...NODE };
  return {
    width: Math.max(NODE.width, inner.width + 2 * GROUP_MARGIN),
    height: inner.height + GROUP_HEAD + GROUP_MARGIN,
  };
}

interface Drawn {
  readonly drawn: Graph;
  readonly inner: ReadonlyMap<string, Level>;
  readonly parent: string | undefined;
}

/** dagre gives middles; what lies within a group begins below its head. */
function placeOne(node: GraphNode, { drawn, inner, parent }: Drawn): readonly Placed[] {
  const { x, y, width, height } = drawn.node(node.id) as {
    x: number;
    y: number;
    width: number;
    height: number;
  };
  const shift = parent === undefined ? { x: 0, y: 0 } : { x: GROUP_MARGIN, y: GROUP_HEAD };
  const own = { x: x - width / 2 + shift.x, y: y - height / 2 + shift.y, width, height };
  const level = inner.get(node.id);
  return [{ node, ...own, isGroup: level !== undefined }, ...(level?.placed ?? [])];
}
