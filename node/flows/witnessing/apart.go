package witnessing

import (
	"errors"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

// Heads that do not go on from those that are kept are of another history under the same names:
// mostly a machine was set back whole, with a place that it hosts, and signed on. A level further
// up may be the only one that knows. So it is an alarm where they are refused, until heads of the
// ledger are taken again, and the place is asked about below, where it runs.

// errApart is wrapped by why heads do not go on from those that are kept.
var errApart = errors.New("heads of another history")

// noteApart notes that heads do not go on from those that are kept of their log.
func (d *Desk) noteApart(child identity.Jurisdiction, s standing, x ledger.Excerpt, why error) {
	if !s.known || !errors.Is(why, errApart) {
		return
	}
	of := x.Log.Jurisdiction()
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, told := d.apart[of]; told {
		return
	}
	d.apart[of] = Finding{About: child, Apart: true, Log: x.Log, Size: s.had.To, At: d.o.Now()}
	d.o.Logger.Error("heads do not go on from those that are kept", "peer", child.String(), "log", x.Log.String(), "kept", s.had.To, "error", why)
}

// forgetApart notes that heads of a ledger were taken.
func (d *Desk) forgetApart(of identity.Jurisdiction) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.apart, of)
}
