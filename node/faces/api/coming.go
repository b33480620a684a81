package api

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/ground/text"
)

// aboutEntry says how an entry comes along with a file.
const aboutEntry = "With entry_length, the body begins with so many bytes of JSON: the catalogue entry, not in force yet, " +
	"by which the rows are checked; the file follows them at once. Rows that are loaded so wait for their entry: see " +
	"POST /v1/datasets/plan and POST /v1/datasets with the parameter import."

// coming reads the entry that stands before the file, and checks it as for a publication.
func (q fileRequest) coming(r *http.Request) (*records.Coming, error) {
	wrong := wrongParameter("entry_length", "1.."+strconv.Itoa(catalog.MaxEntryLen))
	n, err := strconv.ParseUint(r.URL.Query().Get("entry_length"), 10, 32)
	if err != nil || n == 0 || n > catalog.MaxEntryLen {
		return nil, wrong
	}
	data := make([]byte, n)
	switch _, err := io.ReadFull(q.file, data); {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, text.Fail(text.Expired, nil, err)
	case err != nil:
		return nil, wrong // the body ends before
	}
	var whole any
	if err := unmarshal(data, &whole); err != nil {
		if at, lost := strings.CutPrefix(err.Error(), unreadable); lost {
			return nil, text.Fail(text.NotText, text.Args{"name": at}, nil)
		}
		return nil, catalog.Invalid(q.code.String(), err)
	}
	entry, err := catalog.ReadEntry(data)
	switch {
	case err != nil:
		return nil, catalog.Invalid(q.code.String(), err)
	case entry.Code != q.code:
		return nil, badQuery("code", q.code.String())
	}
	return q.Adoption.Coming(r.Context(), q.on.by(), entry)
}
