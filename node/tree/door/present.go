package door

import (
	"context"
	"crypto/ed25519"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// presented is the body of opPresent.
type presented struct {
	_     struct{} `cbor:",toarray"`
	Knows uint64   // number of the parent's key set that the child has; 0: none
	Shown tree.Presentation
}

// present takes the key sets of a child: of peer over its link, and of whoever proves to be the
// child where peer is zero. knows is the number of the own key set that the child knows.
func (d Door) present(ctx context.Context, body []byte, peer identity.Jurisdiction, binding [32]byte) (out redeemed, knows uint64, err error) {
	var p presented
	if err := unmarshal(body, &p); err != nil {
		return out, 0, err
	}
	child, linked := p.Shown.Child, !peer.IsZero()
	if linked && peer != child {
		return out, 0, text.Fail(text.NotPossessed, text.Args{"name": child.String()}, nil)
	}
	proven, proof := linked, tree.Proof{}
	if !linked {
		proof.Possession = func(key ed25519.PublicKey) bool {
			err := d.Slots.Run(ctx, func(context.Context) error {
				proven = ed25519.Verify(key, tree.PresentInput(binding, p.Shown.Hash), p.Shown.Possession)
				return nil
			})
			return err == nil && proven
		}
		proof.Spend = func() error { return d.Budget.spend(child, d.Parent.Name(), d.Now()) }
	}
	entry, fresh, err := tree.Present(ctx, d.Parent, p.Shown, proof, d.Now())
	if err != nil {
		if code, _ := told(err); proven && (code == text.KeySetsForked || code == text.KeySetOld || code == text.KeysSuperseded) {
			d.Alarm(child, code, err)
		}
		return out, 0, err
	}
	out, err = d.endorsed(ctx, child, entry, fresh)
	return out, p.Knows, err
}

// AskPresent presents the child's key sets to its parent. It returns the levels above the child,
// the last with the newest endorsement of the child. It verifies nothing: the caller must verify
// the levels before it keeps them. knows is the number of the parent's key set that the child has.
// At the door the child proves itself by a signature of sign, with its log key.
func AskPresent(ctx context.Context, c Asker, p tree.Presentation, knows uint64, sign func([]byte) []byte) ([]trust.Level, error) {
	p.Possession = []byte{}
	if door, ok := c.(Conn); ok {
		binding, err := door.Binding()
		if err != nil {
			return nil, fmt.Errorf("present key sets: %w", err)
		}
		p.Possession = sign(tree.PresentInput(binding, p.Hash))
	}
	body, err := canon.Marshal(presented{Knows: knows, Shown: p})
	if err != nil {
		return nil, err
	}
	var got redeemed
	if err := ask(ctx, c, opPresent, body, &got); err != nil {
		return nil, fmt.Errorf("present key sets: %w", err)
	}
	return got.Levels, nil
}
