package sharing

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/usage"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// pageCursor is the content of a cursor of a list of grants, which is sealed.
type pageCursor struct {
	_      struct{} `cbor:",toarray"`
	Digest []byte   // of whose list it is, and of what is wanted
	Now    uint64   // the clock at the first page, by which the states are told
	After  []byte   // position of the last grant before
}

const maxPageCursorLen = 128

// position is the place of a grant in a list: the live ones come first, and of each state the one
// that ends soonest, one without an end last.
func (g Listed) position() []byte {
	endless := byte(0)
	if g.Endless {
		endless = 1
	}
	out := append([]byte{byte(g.State), endless}, book.Be64(uint64(max(0, g.Until.UnixMilli())))...)
	return append(out, book.Be64(g.Index)...)
}

// GrantsPage returns a page of GrantsOf, and how many grants there are in all. cursor is "" at the
// end. The states are those of the first page, but for what was revoked or replaced since: nothing
// that is there all the time is left out. The refusal of a cursor is text.CursorNotOfList.
func GrantsPage(l book.Ledger, r *state.Reader, catalogue Catalogue, agency identity.Agency, w Wanted, p usage.Page) (page []Listed, total uint64, cursor string, err error) {
	c := pageCursor{Digest: w.digest(agency), Now: r.Clock(), After: []byte{}}
	if p.Cursor != "" {
		if c, err = openPageCursor(l, p.Cursor, c.Digest); err != nil {
			return nil, 0, "", err
		}
	}
	all := grantsAt(r, catalogue, agency, w, c.Now)
	for i, g := range all {
		if bytes.Compare(g.position(), c.After) <= 0 {
			continue
		}
		page = all[i:min(i+p.Rows(), len(all))]
		if i+len(page) < len(all) {
			c.After = page[len(page)-1].position()
			cursor, err = sealedCursor(l, c)
		}
		break
	}
	return page, uint64(len(all)), cursor, err
}

func (w Wanted) digest(agency identity.Agency) []byte {
	sum := sha256.Sum256([]byte(strings.Join([]string{"grants", agency.String(), w.Dataset.String(), w.Consumer.String(), fmt.Sprint(w.State)}, "\x00")))
	return sum[:16]
}

func sealedCursor(l book.Ledger, c pageCursor) (string, error) {
	data, err := canon.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("list grants: %w", err)
	}
	return l.SealToken(data), nil
}

func openPageCursor(l book.Ledger, token string, digest []byte) (c pageCursor, err error) {
	data, err := l.OpenToken(token)
	if err == nil {
		err = canon.Unmarshal(data, maxPageCursorLen, &c)
	} else if !errors.Is(err, book.ErrToken) {
		return c, err
	}
	if err != nil || !bytes.Equal(c.Digest, digest) {
		return c, text.Fail(text.CursorNotOfList, nil, err)
	}
	return c, nil
}
