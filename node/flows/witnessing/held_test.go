package witnessing

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// logs has a hostile ledger log checkpoints of children that it makes up.
const logs book.Command[logsBody, book.Nothing] = 9005

type logsBody struct {
	_         struct{} `cbor:",toarray"`
	Labels    []identity.Label
	Size      uint64
	Root      tlog.Hash
	Statement book.Statement
}

func applyLogs(tx *state.Tx, b logsBody) (done book.Nothing, err error) {
	for _, l := range b.Labels {
		if _, err := b.Statement.Append(tx, ledger.Head{Kind: ledger.KindWitnessed, Code: l, To: b.Size, Root: b.Root}); err != nil {
			return done, err
		}
	}
	return done, nil
}

// madeUp logs, in the ledger of a hostile place, checkpoints of n towns that it makes up, all with
// the tree of source. It returns the index of the first.
func (p *place) madeUp(n int, source *place) (first uint64, towns []identity.Jurisdiction) {
	p.w.t.Helper()
	first = p.size()
	b := logsBody{Size: source.size(), Statement: must2(p.Note("text/plain", []byte("x")))(p.w.t)}
	for i := range n {
		b.Labels = append(b.Labels, must2(identity.ParseLabel(fmt.Sprintf("t%05d", i)))(p.w.t))
		towns = append(towns, must2(p.name.Child(b.Labels[i]))(p.w.t))
	}
	source.read(func(r *state.Reader) { b.Root = must2(r.RootAt(b.Size))(p.w.t) })
	must2(logs.Do(p.w.t.Context(), p.Host, book.Request{}, b))(p.w.t)
	return first, towns
}

// cut is the piece of a town that was made up, which entry at of the place logs.
func (p *place) cut(log identity.Log, at, kept uint64, source *place, from, to uint64) (o raised) {
	p.w.t.Helper()
	source.read(func(r *state.Reader) {
		x := must2(ledger.Excerpts(log, from, to, r))(p.w.t)
		o = raised{Excerpt: x.Sign(p.Host).Encode(), Size: r.Size(), Path: []tlog.Hash{}, By: p.Log()}
		if x.To < r.Size() {
			o.Path = must2(ledger.ProveConsistency(x.To, r.Size(), r))(p.w.t)
		}
	})
	p.read(func(r *state.Reader) {
		o.Links = []link{{Index: at, Leaf: r.Leaf(at), Path: must2(ledger.ProveInclusion(at, kept, r))(p.w.t)}}
	})
	return o
}

func (p *place) helds(child *place, branch string) (h held) {
	p.read(func(r *state.Reader) {
		h, _ = heldOf.Load(r, keyOfHeld(child.name, must2(identity.ParseJurisdiction(branch))(p.w.t)))
	})
	return h
}

// stored is what the pieces of a log take.
func (p *place) stored(log identity.Log) (n uint64) {
	p.read(func(r *state.Reader) {
		each(r, pieces, book.Joined(log.String()), func(_ []byte, p piece) { n += p.length() })
	})
	return n
}

const (
	theHostile = "baiyun.guiyang.guizhou"
	theHonest  = "nanming.guiyang.guizhou"
)

// TestNobodyStarves: a county brings its city more heads than go up in a round, of towns that it
// makes up. Those of its sibling go up in the first round all the same, and its own in the end
// (W11).
func TestNobodyStarves(t *testing.T) {
	w := newWorld(t, "guizhou", "guiyang.guizhou", theHostile, theHonest)
	province, city, hostile, honest := w.at("guizhou"), w.at("guiyang.guizhou"), w.at(theHostile), w.at(theHonest)
	source := newWorld(t, "t00000."+theHostile).at("t00000." + theHostile)
	source.does(1)
	const n = mostPassed + 30
	first, towns := hostile.madeUp(n, source)
	honest.does(300)
	w.elapse(every)
	must2(0, hostile.desk.show(t.Context(), city.name))(t)
	kept := city.of(hostile).Kept
	for i, town := range towns {
		log := must2(identity.NewLog(town, 1))(t)
		if _, err := hostile.sends(city, hostile.cut(log, first+uint64(i), kept, source, 0, source.size())); err != nil {
			t.Fatal(i, err)
		}
	}
	honest.desk.Round(t.Context())
	city.desk.Round(t.Context())
	province.checkKnown(honest)
	some := 0
	for _, town := range towns {
		if k, _ := province.knows(must2(identity.NewLog(town, 1))(t)); k.To > 0 {
			some++
		}
	}
	if some == 0 || some == n {
		t.Errorf("of %d made-up towns %d went up in the first round: it shows nothing", n, some)
	}
	w.elapse(every)
	city.desk.Round(t.Context())
	if h := province.helds(city, theHostile); h.Logs != n {
		t.Errorf("of %d made-up towns %d went up", n, h.Logs)
	}
}

// TestTurns: whoever has something waits for each of its siblings once, on every level.
func TestTurns(t *testing.T) {
	d := &Desk{name: must2(identity.ParseJurisdiction("guizhou"))(t)}
	var below []risen
	for _, name := range []string{"a.x.guizhou", "b.x.guizhou", "t1.b.x.guizhou", "t2.b.x.guizhou", "t3.b.x.guizhou", "y.guizhou"} {
		below = append(below, risen{Log: must2(identity.NewLog(must2(identity.ParseJurisdiction(name))(t), 1))(t), To: 1 << 20})
	}
	got := map[string]int{}
	for range 24 { // rounds of two pieces
		queue := d.queue(above{}, below)
		d.passed.forget(queue)
		for range 2 {
			got[queue[d.passed.fairest(queue)].k.Log.Jurisdiction().String()]++
		}
	}
	want := map[string]int{"y.guizhou": 24, "a.x.guizhou": 12, "b.x.guizhou": 3, "t1.b.x.guizhou": 3, "t2.b.x.guizhou": 3, "t3.b.x.guizhou": 3}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestNoPieceBehindAShortOne: what ends before it is full is the last piece of its log. So nobody
// has its superior keep a piece, with all that proves it, for every entry (W12).
func TestNoPieceBehindAShortOne(t *testing.T) {
	w := newWorld(t, "guiyang.guizhou", theHostile)
	city, hostile := w.at("guiyang.guizhou"), w.at(theHostile)
	source := newWorld(t, "t00000."+theHostile).at("t00000." + theHostile)
	source.does(400)
	first, towns := hostile.madeUp(1, source)
	w.elapse(every)
	must2(0, hostile.desk.show(t.Context(), city.name))(t)
	log, kept := must2(identity.NewLog(towns[0], 1))(t), city.of(hostile).Kept
	whole := must2(ledger.ParseExcerpt(hostile.cut(log, first, kept, source, 0, source.size()).Excerpt))(t).To
	for _, tc := range []struct {
		from, to uint64
		refused  text.Code
	}{
		{0, 1, ""}, {1, 2, text.HeadsRefused}, {1, source.size(), text.HeadsRefused}, {0, 9, ""}, {9, 18, text.HeadsRefused}, {0, source.size(), ""},
		{whole, whole + 1, ""}, {whole + 1, whole + 2, text.HeadsRefused}, {whole, source.size(), ""},
	} {
		at, err := hostile.sends(city, hostile.cut(log, first, kept, source, tc.from, tc.to))
		if code(err) != tc.refused {
			t.Errorf("[%d, %d): got %+v, %v", tc.from, tc.to, at, err)
		}
	}
	if h := city.helds(hostile, towns[0].String()); h.Logs != 1 || h.Bytes != city.stored(log) || h.Bytes == 0 {
		t.Errorf("%+v is counted, and %d bytes are stored", h, city.stored(log))
	}
}

// TestHeadsAreCharged: a piece costs what is stored of it, links and paths too (W12b).
func TestHeadsAreCharged(t *testing.T) {
	w := newWorld(t, "guiyang.guizhou", theHostile)
	hostile := w.at(theHostile)
	links := slices.Repeat([]link{{Leaf: make([]byte, ledger.MaxActLen), Path: make([]tlog.Hash, maxPath)}}, maxLinks)
	taken := 0
	for range headsAtOnce {
		if _, err := hostile.sends(w.at("guiyang.guizhou"), raised{Excerpt: []byte{1}, Links: links, By: hostile.Log()}); code(err) == text.Busy {
			break
		}
		taken++
	}
	if most := headsAtOnce<<10/lengthOf(nil, nil, links) + 1; taken > most {
		t.Errorf("%d pieces are read at once, want %d at most", taken, most)
	}
}

// TestBytesAreBounded: what is kept of one branch below a child has an end, which is told; what is
// there stays, and siblings have their own room, also where others took all (W12c).
func TestBytesAreBounded(t *testing.T) {
	w := newWorld(t, "guizhou", "guiyang.guizhou", theHostile, theHonest)
	province, city, hostile, honest := w.at("guizhou"), w.at("guiyang.guizhou"), w.at(theHostile), w.at(theHonest)
	province.desk.o.MostHeads = 4 << 20
	city.desk.o.MostHeads = 100 << 10 // 25 KiB for one branch
	hostile.does(600)
	honest.does(5)
	for range 5 {
		w.round()
	}
	k, acts := city.knows(hostile.Log())
	h := city.helds(hostile, theHostile)
	if k.To == 0 || k.To == hostile.size() || len(acts) == 0 || h.Bytes != city.stored(hostile.Log()) || h.Bytes > 25<<10 {
		t.Errorf("of %d entries %d are known, in %d bytes, counted as %+v", hostile.size(), k.To, city.stored(hostile.Log()), h)
	}
	if len(city.desk.fullAt) != 1 || !city.desk.fullAt[hostile.name] {
		t.Errorf("no room is told of %v", city.desk.fullAt)
	}
	city.checkKnown(honest)
	for _, b := range []string{"a", "b", "c", "d"} { // four have all that there is
		branch := must2(identity.ParseJurisdiction(b + "." + city.name.String()))(t)
		must2(fill.Do(t.Context(), province.Host, book.Request{}, fillBody{Child: city.name, Branch: branch, Held: held{Logs: mostLogs / 4, Bytes: 1 << 20}}))(t)
	}
	honest.does(5)
	city.says(1)
	for range 3 {
		w.round()
	}
	province.checkKnown(honest)
	province.checkKnown(city)
}

// TestLogsAreBounded: towns that one county makes up take none of the room of another one, or of
// the city, and a new epoch of a ledger always has room: the oldest goes (W13, W13b).
func TestLogsAreBounded(t *testing.T) {
	w := newWorld(t, "guizhou", "guiyang.guizhou", theHostile, theHonest)
	province, city, hostile, honest := w.at("guizhou"), w.at("guiyang.guizhou"), w.at(theHostile), w.at(theHonest)
	held := func(branch string, n uint64) {
		name := must2(identity.ParseJurisdiction(branch))(t)
		must2(fill.Do(t.Context(), province.Host, book.Request{}, fillBody{Child: city.name, Branch: name, Held: held{Logs: n}}))(t)
	}
	source := newWorld(t, "t00000."+theHostile).at("t00000." + theHostile)
	source.does(1)
	first, towns := hostile.madeUp(1, source)
	log := must2(identity.NewLog(towns[0], 1))(t)
	w.elapse(every)
	must2(0, hostile.desk.show(t.Context(), city.name))(t)
	must2(hostile.sends(city, hostile.cut(log, first, city.of(hostile).Kept, source, 0, source.size())))(t)
	held(theHostile, mostLogs/partOfBranch)
	for _, b := range []string{"a", "b", "c"} {
		held(b+"."+city.name.String(), mostLogs/partOfBranch)
	}
	honest.does(1)
	for range 4 {
		w.round()
	}
	if k, _ := province.knows(log); k.To > 0 {
		t.Error("one more made-up town is kept")
	}
	for _, p := range []*place{honest, hostile, city} {
		province.checkKnown(p)
	}
	for epoch := uint64(2); epoch < mostEpochs+3; epoch++ {
		honest.inEpoch(epoch)
		honest.does(1)
		w.elapse(time.Hour)
		for range 3 {
			w.round()
		}
		province.checkKnown(honest)
	}
	for _, epoch := range []uint64{1, 2} { // it says which go
		gone := must2(identity.NewLog(honest.name, epoch))(t)
		if !city.said.has("made room", "gone="+gone.String()) {
			t.Errorf("the city does not say that %s went", gone)
		}
	}
	city.read(func(r *state.Reader) {
		if v := city.desk.Of(r, honest.name); v.HeadsFrom != 3 {
			t.Errorf("the city says that it has heads from epoch %d on", v.HeadsFrom)
		}
	})
	for _, p := range []*place{city, province} {
		by := map[*place]*place{city: honest, province: city}[p]
		var epochs []identity.Log
		p.read(func(r *state.Reader) { epochs = epochsOf(r, by.name, honest.name) })
		stored := uint64(0)
		for _, l := range epochs {
			stored += p.stored(l)
		}
		h := p.helds(by, theHonest)
		if len(epochs) != mostEpochs || epochs[mostEpochs-1] != honest.Log() || h.Logs != mostEpochs || h.Bytes != stored {
			t.Errorf("%s keeps of %v, counted as %+v, %d bytes", p.name, epochs, h, stored)
		}
	}
	if _, err := looked(city.desk, func(r *state.Reader) (raised, error) {
		return nextBelow(r, must2(identity.NewLog(honest.name, 1))(t), span{}, 1)
	}); err == nil || !strings.Contains(err.Error(), "no piece") {
		t.Errorf("of the first epoch: got %v", err)
	}
}

// TestManyLogs: a child is told how far the heads of many ledgers are known in pages.
func TestManyLogs(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	const n = 2*mostTold + 7
	must2(fill.Do(t.Context(), city.Host, book.Request{}, fillBody{Child: county.name, Branch: county.name, Known: n}))(t)
	if have := must2(county.desk.askRisen(t.Context(), city.name))(t); len(have.at) != n {
		t.Errorf("told of %d logs, want %d", len(have.at), n)
	}
	county.does(1)
	w.round()
	city.checkKnown(county)
}

// TestLongWaitIsTold: what the parent lacks for an hour is logged once, and again when it lacks
// something anew.
func TestLongWaitIsTold(t *testing.T) {
	w := newWorld(t, three...)
	province, city := w.at(three[0]), w.at(three[1])
	var lines bytes.Buffer
	city.desk.o.Logger = slog.New(slog.NewTextHandler(&lines, nil))
	for i, tc := range []struct {
		after time.Duration
		all   bool
		told  int
	}{{0, false, 0}, {longWait - time.Minute, false, 0}, {time.Hour, false, 1}, {time.Hour, false, 1}, {0, true, 1}, {time.Hour, false, 1}, {time.Hour, false, 2}} {
		w.elapse(tc.after)
		city.desk.waits(province.name, tc.all)
		if told := strings.Count(lines.String(), "heads wait to go up"); told != tc.told {
			t.Errorf("step %d: told %d times, want %d", i, told, tc.told)
		}
	}
}
