package node

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"xietong/certs/trust"
	"xietong/exchange/link"
	"xietong/node/faces/client"
	"xietong/node/ground/loglimit"
)

var (
	withdrawnClose = fmt.Sprintf("closed %d", link.CodeWithdrawn)
	refusedClose   = fmt.Sprintf("closed %d", link.CodeRefused)
)

// TestHostileWithdrawn ends the endorsement of a neighbour that is asking all the while. Its link
// is closed within a second, and nothing that it sends from then on is answered, there or on a new
// connection.
func TestHostileWithdrawn(t *testing.T) {
	s := newScene(t)
	in := s.insider(t)
	s.county.stop()
	q := in.link(t)
	if got := in.ask(t, q, in.letter(t).frame(t)); !strings.HasPrefix(got, "served ") {
		t.Fatalf("the first request: got %s", got)
	}
	frames := make([][]byte, 300)
	for n := range frames {
		frames[n] = in.letter(t).frame(t)
	}
	var all sync.WaitGroup
	answers, next := make(chan string, len(frames)), make(chan []byte, len(frames))
	for _, frame := range frames {
		next <- frame
	}
	close(next)
	for range 4 {
		all.Go(func() {
			for frame := range next {
				if q.Context().Err() != nil {
					return
				}
				answers <- in.ask(t, q, frame)
			}
		})
	}
	for range 20 { // it is asking
		if got := <-answers; !strings.HasPrefix(got, "served ") {
			t.Fatalf("before the withdrawal: got %s", got)
		}
	}
	withdrawal := withdrawn(t, s.city.civil, "南明区", "密钥泄露")
	began, late := time.Now(), in.letter(t).frame(t)
	if got := in.ask(t, q, late); got != withdrawnClose {
		t.Errorf("sent after the withdrawal: got %s, want %s", got, withdrawnClose)
	}
	if got := closes(t, q); got != withdrawnClose || time.Since(began) > time.Second {
		t.Errorf("the link ended after %s: %s, want %s", time.Since(began), got, withdrawnClose)
	}
	all.Wait()
	close(answers)
	for got := range answers {
		if entry, ok := strings.CutPrefix(got, "served "); ok && indexOf(t, entry) > indexOf(t, withdrawal.Entry) {
			t.Errorf("%s was answered, and the withdrawal is %s", entry, withdrawal.Entry)
		}
	}
	status, err := s.city.civil.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// What was being read then is recorded too, as refused: it moved, or nobody waited any more.
	recorded := regexp.MustCompile(`"rows":0,.*"refused":"(not-endorsed|late)"`)
	for n := indexOf(t, withdrawal.Entry) + 1; n < status.Jurisdictions[0].TreeSize; n++ {
		r, err := s.city.civil.Receipt(t.Context(), n)
		if err != nil || !recorded.Match(r.Payload) {
			t.Errorf("entry %d, after the withdrawal: %q, %v", n, r.Payload, err)
		}
	}
	s.city.log.wait(t, "link closed", "peer=nanming.guiyang.guizhou")
	refused, err := in.dial(t, in.party.Dial(in.victim))
	if got := ended(err); err == nil {
		if got = closes(t, refused); got != badCertificate {
			t.Errorf("dialled again: got %s, want %s", got, badCertificate)
		}
	} else if got != badCertificate {
		t.Errorf("dialled again: got %s, want %s", got, badCertificate)
	}
	s.sound(t)
}

// TestHostileExpired lets the endorsement of a neighbour end while its link is open. What it sends
// is refused at once, and the link is closed at its next hello.
func TestHostileExpired(t *testing.T) {
	s := newScene(t)
	in := s.insider(t)
	s.county.stop()
	q := in.link(t)
	if got := in.ask(t, q, in.letter(t).frame(t)); !strings.HasPrefix(got, "served ") {
		t.Fatalf("the first request: got %s", got)
	}
	before := s.city.kinds(t)
	later := trust.EndorsementTerm + 24*time.Hour
	s.city.ahead.Store(int64(later))
	in.now = s.city.now // its clock is right
	const want = "message-refused|nanming.guiyang.guizhou|not endorsed"
	if got := in.ask(t, q, in.letter(t).frame(t)); got != want {
		t.Errorf("after the end: got %s, want %s", got, want)
	}
	tree, err := s.city.civil.Tree(t.Context())
	if err != nil || tree.Children[0].State != client.ChildExpired {
		t.Errorf("the tree shows %+v, %v", tree.Children, err)
	}
	if got, err := exchange(t, q, framed(framed(nil, nil), in.hello(t))); err == nil {
		t.Errorf("hello: got %d frames", len(got))
	}
	if got := closes(t, q); got != refusedClose {
		t.Errorf("the link: got %s, want %s", got, refusedClose)
	}
	s.city.log.wait(t, "link closed", "peer=nanming.guiyang.guizhou")
	s.city.grew(t, before, nil)
	s.sound(t)
}

// TestHostileLogLines (S30): a neighbour has three hundred calls refused, and so makes few log
// lines.
func TestHostileLogLines(t *testing.T) {
	s := newScene(t)
	in := s.insider(t)
	s.county.stop()
	q := in.link(t)
	before := s.city.log.count("call refused", "peer=nanming")
	for range 300 {
		l := in.letter(t)
		change(t, l, "yunnan", "")
		if got := in.ask(t, q, l.frame(t)); !strings.HasPrefix(got, "way-refused") {
			t.Fatalf("got %s", got)
		}
	}
	if n := s.city.log.count("call refused", "peer=nanming") - before; n > loglimit.AtOnce || n == 0 {
		t.Errorf("%d lines about 300 refused calls, want at most %d", n, loglimit.AtOnce)
	}
	s.sound(t)
}
