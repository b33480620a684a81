package federated_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/flows/callstest"
	"xietong/node/flows/federated"
)

// TestRevokedBeforeTheAudit (S14f): a county revokes its keys between its answer and the audit.
// What the city shows, signed with those keys, counts if the county says by its new keys that it is
// its answer, so a revocation loses nothing that the county stands to. What a thief of the old keys
// signed it does not stand to; that stays unproven, and names nobody as a liar.
func TestRevokedBeforeTheAudit(t *testing.T) {
	var other []byte
	for what, row := range map[string]struct {
		says func(answer []byte) []byte
		want federated.Outcome
	}{
		"it stands to its answer":   {func(answer []byte) []byte { return answer }, federated.Audited},
		"it gave another":           {func([]byte) []byte { return other }, federated.Unproven},
		"it gave one that is none":  {func(answer []byte) []byte { return append(slices.Clone(answer), 0) }, federated.Unproven},
		"it says that it gave none": {func([]byte) []byte { return nil }, federated.Unproven},
	} {
		if testing.Short() && row.want == federated.Unproven { // a day of three nodes each
			continue
		}
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &hiding{hides: true}
				w.world = callstest.New(t, callstest.Options{
					Counties: []identity.Jurisdiction{nanming, yunyan},
					Federated: func(p *place, in *relay.Registry) {
						switch p.Name() {
						case guiyang:
							p.Federated.ServeHidingWhile(in, p.Lists, w.isHidden, func(*gather.Share) {})
						case yunyan:
							p.Federated.ServeSaying(in, p.Lists, row.says)
						default:
							p.Federated.Serve(in, p.Lists)
						}
					},
				})
				w.asker = w.At(nanming)
				w.ask(t)
				other = w.Answers()[0]
				w.Revoke(t, w.At(yunyan))
				w.show()
				w.run(t, federated.AgainFor+time.Hour)
				a := w.account(t)
				if len(a.Open) != 0 || len(a.Findings) != 1 || a.Findings[0].Outcome != row.want || len(a.Findings[0].Lies) > 0 {
					t.Errorf("got %+v, want %s", a, row.want)
				}
			})
		})
	}
}
