package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/flows/join"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
)

// The requests about the tree.
type (
	invite struct {
		Caller
		Body client.NewInvitation
	}
	withdraw struct {
		Caller
		Child string `path:"child" maxLength:"200" doc:"The child, as people name it: full, short or English name, code, label or whole name, also after the name of the place above it"`
		Body  client.Withdrawal
	}
	toWithdraw struct {
		Caller
		Child string `path:"child" maxLength:"200" doc:"The child's display name, label, code or whole name"`
	}
	toCancel struct {
		Caller
		Child string `path:"child" maxLength:"200" doc:"The invited child's display name, label, code or whole name"`
	}
	cancel struct {
		Caller
		Child string `path:"child" maxLength:"200" doc:"The invited child's display name, label, code or whole name"`
		Body  client.Cancellation
	}
	toConfirm struct {
		Caller
		Name string `path:"name" maxLength:"200" doc:"A child of a child, as people name it: full, short or English name, code, label or whole name, also after the name of the place above it"`
	}
	confirm struct {
		Caller
		Name string `path:"name" maxLength:"200" doc:"A child of a child, as people name it: full, short or English name, code, label or whole name, also after the name of the place above it"`
		Body client.NewConfirmation
	}
	object struct {
		Caller
		Body client.NewObjection
	}
	endHosted struct {
		Caller
		Body client.HostingEnd
	}
	addHosted struct {
		Caller
		Body client.NewHosted
	}
)

func (s *server) registerTree(a huma.API) {
	handle(s, a, post("invite", "/v1/invitations", "Invite a jurisdiction to join below this one"), newInvitation)
	handle(s, a, post("plan-invitation", "/v1/invitations/plan", "Which place an invitation, or hosting, would be for"), plannedPlace)
	handle(s, a, get("tree", "/v1/tree", "Where the jurisdiction stands, and how its links are"), s.tree)
	handle(s, a, post("withdraw", "/v1/children/{child}/withdrawal", "End the endorsement of a child"), withdrawal)
	handle(s, a, get("withdraw-plan", "/v1/children/{child}/withdrawal", "What the end of a child's endorsement would do"), withdrawalPlan)
	handle(s, a, get("cancel-invitation-plan", "/v1/invitations/{child}/cancellation", "Which invitation a cancellation would take back"), s.cancellationPlan)
	handle(s, a, post("cancel-invitation", "/v1/invitations/{child}/cancellation", "Take back an invitation that waits"), cancellation)
	handle(s, a, get("to-confirm", "/v1/waiting/{name}", "The key set of a child of a child, for comparison before it is confirmed"), shownKeys)
	handle(s, a, post("confirm", "/v1/waiting/{name}/confirmation", "Confirm the key set of a child of a child, so that nobody waits for it"), confirmation)
	handle(s, a, post("acknowledge-fork", "/v1/forks/{name}/acknowledgment", "Record that a ledger with two histories is known, and what came of it"), forkAcknowledged)
	handle(s, a, post("object", "/v1/objections", "Object to a key set that waits here or elsewhere"), objection)
	handle(s, a, post("drill", "/v1/drills", "Send a jurisdiction a message that it must refuse"), drillOf)
	handle(s, a, get("entry-of", "/v1/entry", "The public head of an entry of any ledger"), entryNamed)
	handle(s, a, get("receipt-of", "/v1/receipt", "The portable proof of an entry of any ledger"), receiptNamed)
	handle(s, a, get("end-hosted-plan", "/v1/hosting/end", "What the end of the hosting of the jurisdiction would do"), s.hostingPlan)
	handle(s, a, post("end-hosted", hostingEndPath, "Host the jurisdiction no more"), s.endHosted)
	handle(s, a, get("children", "/v1/children", "The children, invited or joined"), s.childrenListed)
	handle(s, a, get("hosted", "/v1/hosted", "The jurisdictions that the node hosts"), s.hostedListed)
	handle(s, a, post("add-hosted", "/v1/hosted", "Host a further jurisdiction"), s.addHosted)
}

func newInvitation(ctx context.Context, h Hosted, in *invite) (out client.Invitation, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	v := in.Body
	place, err := h.Standing.ToInvite(v.Name, v.Label, roster.Place{Code: v.Code, Level: v.Level, ShortName: v.ShortName})
	if err != nil {
		return out, err
	}
	t, err := h.Joining.Invite(ctx, id, place, time.Duration(v.Hours)*time.Hour, v.Rekey)
	if err != nil {
		return out, err
	}
	line, err := t.Encode()
	replaced := ""
	if t.Replaced != (identity.Entry{}) && t.Replaced != t.Entry {
		replaced = t.Replaced.String()
	}
	return client.Invitation{
		Token: line, Child: place.Name.String(), DisplayName: place.DisplayName, ShortName: place.ShortName, Code: place.Code, Level: place.Level,
		Until: stamp(t.Until), Entry: t.Entry.String(), Addresses: t.Addresses,
		Replaced: replaced, Root: t.Root.String(), Fingerprint: t.Root.Fingerprint(),
	}, err
}

func plannedPlace(_ context.Context, h Hosted, in *invite) (out client.PlacePlan, err error) {
	v := in.Body
	p, err := h.Standing.ToInvite(v.Name, v.Label, roster.Place{Code: v.Code, Level: v.Level, ShortName: v.ShortName})
	if err != nil {
		return out, err
	}
	out = client.PlacePlan{
		Name: p.Name.String(), DisplayName: p.DisplayName, ShortName: p.ShortName, Code: p.Code, Level: p.Level, Parent: h.Standing.Called(h.Ledger.Name()),
	}
	var near []roster.Place
	out.Listed, near = h.Standing.Listed(p)
	for _, n := range near {
		out.Near = append(out.Near, n.DisplayName)
	}
	return out, nil
}

func withdrawal(ctx context.Context, h Hosted, in *withdraw) (client.Entered, error) {
	return entered(in.Caller, func(id identity.Message) (identity.Entry, error) {
		return h.Joining.Withdraw(ctx, id, in.Child, in.Body.Reason, in.Body.Plan)
	})
}

// maxListed is how many places a plan names; it counts them all.
const maxListed = 200

func withdrawalPlan(ctx context.Context, h Hosted, in *toWithdraw) (out client.WithdrawalPlan, err error) {
	cut, err := h.Joining.Cut(ctx, in.Child)
	if err != nil {
		return out, err
	}
	out = client.WithdrawalPlan{
		Name: cut.Name.String(), DisplayName: h.Standing.Called(cut.Name), Listed: uint64(len(cut.Below)), Below: []string{}, Invitation: cut.Open,
	}
	known := func(name identity.Jurisdiction) bool { return len(h.Standing.Kept(name)) > 0 }
	below := slices.Clone(cut.Below)
	slices.SortStableFunc(below, func(a, b identity.Jurisdiction) int { // those that joined come first
		return cmp.Compare(map[bool]int{true: -1}[known(a)], map[bool]int{true: -1}[known(b)])
	})
	for _, name := range below {
		if known(name) {
			out.Joined++
		}
	}
	for _, name := range below[:min(len(below), maxListed)] {
		out.Below = append(out.Below, h.Standing.Called(name))
	}
	out.Hash, err = cut.Hash()
	return out, err
}

func cancellation(ctx context.Context, h Hosted, in *cancel) (client.Entered, error) {
	return entered(in.Caller, func(id identity.Message) (identity.Entry, error) {
		return h.Joining.Cancel(ctx, id, in.Child, in.Body.Reason, in.Body.Plan)
	})
}

func (s *server) cancellationPlan(ctx context.Context, h Hosted, in *toCancel) (out client.CancellationPlan, err error) {
	w, err := h.Joining.Waiting(ctx, in.Child)
	if err != nil {
		return out, err
	}
	out = client.CancellationPlan{
		Name: w.Place.Name.String(), DisplayName: h.Standing.Called(w.Place.Name), Code: w.Place.Code,
		Entry: w.Entry.String(), Until: stamp(w.Until), Expired: s.node.Now().After(w.Until), Joined: w.Joined,
	}
	out.Hash, err = w.Hash()
	return out, err
}

func shownKeys(ctx context.Context, h Hosted, in *toConfirm) (out client.ToConfirm, err error) {
	pin, err := h.Joining.ToConfirm(ctx, in.Name)
	if err != nil {
		return out, err
	}
	return client.ToConfirm{
		Name: pin.Name().String(), DisplayName: h.Standing.Called(pin.Name()), Pin: pin.String(), Fingerprint: pin.Fingerprint(),
	}, nil
}

func confirmation(ctx context.Context, h Hosted, in *confirm) (client.Entered, error) {
	return entered(in.Caller, func(id identity.Message) (identity.Entry, error) {
		_, entry, err := h.Joining.Confirm(ctx, id, in.Name, in.Body.Fingerprint, in.Body.Reason)
		return entry, err
	})
}

func objection(ctx context.Context, h Hosted, in *object) (out client.Objected, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	out.Document = in.Body.Document
	if in.Body.Pin != "" {
		if out.Document, err = h.Joining.Deny(id, in.Body.Pin); err != nil || in.Body.At == "" {
			return out, err
		}
	}
	err = h.Joining.Object(ctx, out.Document, in.Body.At)
	out.Taken = err == nil
	return out, err
}

func (s *server) addHosted(ctx context.Context, h Hosted, in *addHosted) (out client.HostedPlace, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	v := in.Body
	place, err := h.Standing.ToInvite(v.Name, v.Label, roster.Place{Code: v.Code, Level: v.Level, ShortName: v.ShortName})
	if err != nil {
		return out, err
	}
	if err := anewFor(v); err != nil {
		return out, err
	}
	got, err := s.node.Host(ctx, h.Ledger.Name(), id, place, join.Keys{Only: v.KeysOnly, Statement: v.Recovery, Rekey: v.Rekey, Reason: v.Reason})
	out = client.HostedPlace{
		Name: got.Name, DisplayName: got.DisplayName, Pin: got.Pin, Entry: got.Entry, Epoch: got.Epoch, Recovered: got.Recovered, Again: got.Again,
	}
	if !got.HeadsAt.IsZero() {
		out.HeadsAt = h.Standing.Called(got.HeadsAt)
	}
	return out, err
}

// anewFor refuses a reason that cannot be recorded, or is for nothing.
func anewFor(v client.NewHosted) error {
	switch {
	case v.Reason == "":
		return nil
	case !v.Rekey:
		return text.Fail(text.BadRequest, text.Args{"where": "reason", "reason": "it goes with rekey"}, nil)
	}
	return text.Recordable("reason", v.Reason)
}

func (s *server) hostingPlan(ctx context.Context, h Hosted, _ *plain) (out client.HostingPlan, err error) {
	name := h.Ledger.Name()
	end, err := s.node.HostingEnd(ctx, name)
	if err != nil {
		return out, err
	}
	parent, _ := name.Parent()
	out = client.HostingPlan{
		Name: name.String(), DisplayName: h.Standing.Called(name), Parent: h.Standing.Called(parent),
		Agencies: len(end.Agencies), Datasets: len(end.Datasets), Invitation: end.Open(),
	}
	out.Hash, err = end.Hash()
	return out, err
}

func (s *server) endHosted(ctx context.Context, h Hosted, in *endHosted) (client.Entered, error) {
	return entered(in.Caller, func(id identity.Message) (identity.Entry, error) {
		return s.node.EndHosting(ctx, h.Ledger.Name(), id, in.Body.Reason, in.Body.Plan)
	})
}
