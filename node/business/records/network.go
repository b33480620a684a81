package records

import (
	"math/big"

	"xietong/exchange/gather"
)

// network is what is hidden of groups by two fields, as a graph: its nodes are the lines that are
// told by each field alone, and each hidden group joins its two lines.
//
// The asker knows what is hidden of each line. Add what is hidden of some lines of the one field,
// and take off what is hidden of some of the other: what remains are the groups between these lines
// and all others, a cut of the graph. Whatever can be computed from the lines is of the groups of
// such cuts. So no cut may be too small to be told: see tally.small. That is checked for each
// hidden group by the largest flow between its two lines, which is the smallest cut that the group
// is in.
type network struct {
	function gather.Function
	least    *big.Int
	nodes    map[*line]int
	links    [][]int // numbers of the edges of each node
	edges    []*edge
	checked  int // edges that are in no cut that is too small; more edges never change that
	joined   [2]joined
	left     int // steps that the checks may take still
}

// edge is a hidden group.
type edge struct {
	group *tally
	ends  [2]int
	flow  *big.Int // from the first end to the second
}

// maxSteps bounds the steps of all checks of one answer; they take a few hundred milliseconds.
const maxSteps = 20_000_000

func newNetwork(f gather.Function, least uint64) *network {
	return &network{
		function: f, least: new(big.Int).SetUint64(least), nodes: map[*line]int{}, left: maxSteps, joined: [2]joined{{}, {}},
	}
}

func (n *network) node(l *line) int {
	at, known := n.nodes[l]
	if !known {
		at = len(n.nodes)
		n.nodes[l], n.links = at, append(n.links, nil)
	}
	return at
}

// add hides a group.
func (n *network) add(g *tally, a, b *line) {
	e := &edge{group: g, ends: [2]int{n.node(a), n.node(b)}, flow: new(big.Int)}
	for _, end := range e.ends {
		n.links[end] = append(n.links[end], len(n.edges))
	}
	n.edges = append(n.edges, e)
}

// weakest returns the lines of one side of a cut that is too small; none where there is no such
// cut. It returns no lines where the steps have come to their end.
func (n *network) weakest() (apart map[*line]bool, found bool) {
	for ; n.checked < len(n.edges); n.checked++ {
		e := n.edges[n.checked]
		for _, need := range n.needs(e) {
			side, enough := n.carries(e, need)
			if enough {
				continue
			}
			apart = map[*line]bool{}
			for l, at := range n.nodes {
				if side != nil && side[at] {
					apart[l] = true
				}
			}
			return apart, true
		}
	}
	return nil, false
}

// need is what every cut with a group must have at least.
type need struct {
	of     func(*tally) *big.Int
	least  *big.Int
	joined joined // nodes between which every cut has as much; nil: it is of one group alone
}

// needs returns what every cut with the group needs, as tally.small has it: records and, for a sum
// or average, records with a value, and more than twice the largest value.
func (n *network) needs(e *edge) []need {
	all := []need{{func(g *tally) *big.Int { return new(big.Int).SetUint64(g.count) }, n.least, n.joined[0]}}
	if e.group.with == 0 || n.function != gather.Sum && n.function != gather.Average {
		return all
	}
	largest := e.group.largestScaled()
	twice := new(big.Int).Lsh(largest, 1)
	return append(all,
		need{func(g *tally) *big.Int { return new(big.Int).SetUint64(g.with) }, n.least, n.joined[1]},
		need{func(g *tally) *big.Int { return g.size.Scaled() }, twice.Add(twice, big.NewInt(1)), nil},
	)
}

// carries reports whether as much flows between the ends of an edge as is needed; if not, it
// returns the nodes on the side of the first end, or nil where the steps have come to their end.
func (n *network) carries(e *edge, need need) (side []bool, enough bool) {
	from, to := e.ends[0], e.ends[1]
	if need.joined != nil && need.joined.find(from) == need.joined.find(to) {
		return nil, true
	}
	capacity := make([]*big.Int, len(n.edges))
	for i, each := range n.edges {
		capacity[i] = need.of(each.group)
		each.flow.SetInt64(0)
	}
	total := new(big.Int)
	for total.Cmp(need.least) < 0 {
		path, reached := n.path(from, to, capacity)
		if path == nil {
			return reached, false
		}
		total.Add(total, n.push(path, from, capacity))
	}
	if need.joined != nil {
		need.joined.join(from, to)
	}
	return nil, true
}

// path returns the edges of a path on which more may flow, from its end to its beginning; if there
// is none, the nodes that are reached.
func (n *network) path(from, to int, capacity []*big.Int) (path []int, reached []bool) {
	by := make([]int, len(n.nodes)) // the edge by which a node was reached
	reached = make([]bool, len(n.nodes))
	reached[from] = true
	for queue := []int{from}; len(queue) > 0 && !reached[to]; queue = queue[1:] {
		at := queue[0]
		for _, i := range n.links[at] {
			e := n.edges[i]
			next := e.ends[0] + e.ends[1] - at
			if n.left--; n.left < 0 {
				return nil, nil
			}
			if !reached[next] && e.room(at, capacity[i]).Sign() > 0 {
				reached[next], by[next] = true, i
				queue = append(queue, next)
			}
		}
	}
	if !reached[to] {
		return nil, reached
	}
	for at := to; at != from; {
		e := n.edges[by[at]]
		path = append(path, by[at])
		at = e.ends[0] + e.ends[1] - at
	}
	return path, nil
}

// room returns how much more may flow over the edge, away from one of its ends.
func (e *edge) room(from int, capacity *big.Int) *big.Int {
	if from == e.ends[0] {
		return new(big.Int).Sub(capacity, e.flow)
	}
	return new(big.Int).Add(capacity, e.flow)
}

// push lets as much flow over the path as it has room for, and returns that.
func (n *network) push(path []int, from int, capacity []*big.Int) (least *big.Int) {
	at := make([]int, len(path)) // the node at which each edge begins
	for i := len(path) - 1; i >= 0; i-- {
		e := n.edges[path[i]]
		at[i], from = from, e.ends[0]+e.ends[1]-from
		if room := e.room(at[i], capacity[path[i]]); least == nil || room.Cmp(least) < 0 {
			least = room
		}
	}
	for i, number := range path {
		if e := n.edges[number]; at[i] == e.ends[0] {
			e.flow.Add(e.flow, least)
		} else {
			e.flow.Sub(e.flow, least)
		}
	}
	return least
}

// joined are classes of nodes (union and find).
type joined map[int]int

func (j joined) find(node int) int {
	for up, is := j[node]; is; up, is = j[node] {
		if over, is := j[up]; is {
			j[node] = over
		}
		node = up
	}
	return node
}

func (j joined) join(a, b int) {
	if a, b = j.find(a), j.find(b); a != b {
		j[a] = b
	}
}
