package sharing

import (
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// TestAllowNamesTheLater (N19-5): two grants of one jurisdiction are revoked. To allow it grants by
// rule again by the older one would take back the newer revocation, too: it is refused, by the name
// of the newer. By that one both are taken back.
func TestAllowNamesTheLater(t *testing.T) {
	r := open(t)
	second := request(neighbour)
	second.Purpose = "residence-check"
	p, q := r.permitted(t, request(neighbour)), r.permitted(t, second)
	older, _ := p.Grant.Index()
	newer, _ := q.Grant.Index()
	r.revoke(t, p)
	by := r.revoke(t, q)
	entries := r.size(t)
	args := r.refused(t, "by the older", text.RevokedSince, func() error {
		_, err := Allow(t.Context(), r, newID(), actor(civil), older, "again")
		return err
	})
	if args["next"] != r.Names().Entry(newer).String() || args["entry"] != by.String() || r.size(t) != entries {
		t.Errorf("got %v and %d entries more, want the grant %d, revoked by %s", args, r.size(t)-entries, newer, by)
	}
	r.refused(t, "and it stays revoked", text.GrantRevoked, func() error { _, err := PermitUse(t.Context(), r, second); return err })
	if done, err := Allow(t.Context(), r, newID(), actor(civil), newer, "again"); err != nil || done.Entry.IsZero() || !done.Lifted.IsZero() {
		t.Errorf("by the newer: got %+v, %v", done, err)
	}
	r.permitted(t, request(neighbour))
	if done, err := Allow(t.Context(), r, newID(), actor(civil), older, "again"); err != nil || !done.Entry.IsZero() {
		t.Errorf("by the older, once nothing is barred: got %+v, %v", done, err)
	}
}

// TestAllowSeesARevocation: one that comes between the look and the act is not taken back.
func TestAllowSeesARevocation(t *testing.T) {
	r := open(t)
	second := request(neighbour)
	second.Purpose = "residence-check"
	p, q := r.permitted(t, request(neighbour)), r.permitted(t, second)
	older, _ := p.Grant.Index()
	r.revoke(t, p)
	r.Before = func(state.Kind) {
		r.Before = nil
		r.revoke(t, q)
	}
	if done, err := Allow(t.Context(), r, newID(), actor(civil), older, "again"); !failure.Is(err, text.PolicyMoved) {
		t.Errorf("revoked meanwhile: got %+v, %v", done, err)
	}
	r.refused(t, "and it stays revoked", text.GrantRevoked, func() error { _, err := PermitUse(t.Context(), r, second); return err })
}

// TestEndlessAllowedTellsTheLater: of the endless grants of a standard one is given again, and the
// later revocation of another, which it takes back, is told.
func TestEndlessAllowedTellsTheLater(t *testing.T) {
	r := open(t)
	if err := r.stand(t, nil, statistics, must(identity.ParseLabel("residence-check"))); err != nil {
		t.Fatal(err)
	}
	other := above(count)
	other.Purpose, other.Offer.Counts = "residence-check", []string{"statistics", "residence-check"}
	p, q := r.permitted(t, above(count)), r.permitted(t, other)
	index, _ := p.Grant.Index()
	r.revoke(t, p)
	by := r.revoke(t, q)
	if done, err := Allow(t.Context(), r, newID(), actor(civil), index, "again"); err != nil || !done.Endless || done.Lifted != by {
		t.Errorf("got %+v, %v, want that %s is taken back too", done, err, by)
	}
}

// TestRevokedBefore (N19-7): whoever revokes what is revoked is told so, with the reason that is
// recorded, where that is another; the same request again is told nothing of the kind.
func TestRevokedBefore(t *testing.T) {
	r := open(t)
	index, _ := r.permitted(t, request(neighbour)).Grant.Index()
	id := newID()
	first, err := Revoke(t.Context(), r, id, actor(civil), index, "用途变更")
	if err != nil || first.Before {
		t.Fatalf("the first time: got %+v, %v", first, err)
	}
	if again, err := Revoke(t.Context(), r, id, actor(civil), index, "用途变更"); err != nil || again.Before || again.Entry != first.Entry {
		t.Errorf("the same request: got %+v, %v", again, err)
	}
	other, err := Revoke(t.Context(), r, newID(), actor(civil), index, "机构改革")
	if err != nil || !other.Before || other.Reason != "用途变更" || other.Entry != first.Entry {
		t.Errorf("with another reason: got %+v, %v", other, err)
	}
}
