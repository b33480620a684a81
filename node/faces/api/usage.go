package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/business/usage"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// Paged holds the parameters of every list that comes in pages.
type Paged struct {
	Caller
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Rows of a page"`
	Cursor string `query:"cursor" maxLength:"4096" doc:"Where the page before ended; opaque, and good for the same conditions only"`
}

func (p Paged) page() usage.Page { return usage.Page{Limit: p.Limit, Cursor: p.Cursor} }

// Spanned holds the parameters of a list of a period.
type Spanned struct {
	Paged
	From string `query:"from" maxLength:"40" doc:"From when: a month (2026-10) or a day (2026-10-31), both of the node's zone, or a time with its own (RFC 3339)"`
	To   string `query:"to" maxLength:"40" doc:"Until when: a month or a day, which are included, or the time before which it is"`
}

// Timed holds the order of a list of what comes again and again.
type Timed struct {
	Order string `query:"sort" enum:"time,time:desc" default:"time:desc" doc:"The newest first, or the oldest"`
}

// page is Paged.page in the order.
func (t Timed) page(p Paged) usage.Page {
	page := p.page()
	page.Oldest = t.Order == "time"
	return page
}

// Counts holds the parameters of every list of counts by month.
type Counts struct {
	Paged
	By      string `query:"by" enum:"month,dataset,agency" default:"month" doc:"Of what the months are counted apart"`
	Dataset string `query:"dataset" maxLength:"64" doc:"Code of the dataset"`
	From    string `query:"from" maxLength:"40" doc:"First month of UTC+8, such as 2026-10"`
	To      string `query:"to" maxLength:"40" doc:"Last month of UTC+8"`
}

// The requests for lists.
type (
	listUses struct {
		Spanned
		Timed
		Dataset      string `query:"dataset" maxLength:"64" doc:"Code of the dataset"`
		Jurisdiction string `query:"jurisdiction" maxLength:"200" doc:"Jurisdiction of the consumer: full, short or English name, code, label or whole name, also after the name of the place above it"`
		Agency       string `query:"agency" maxLength:"64" doc:"Code of the consumer"`
		Purpose      string `query:"purpose" maxLength:"64" doc:"Code of the purpose"`
	}
	countUses struct{ Counts }
)

// The requests about what was asked elsewhere.
type (
	listAsked struct {
		Spanned
		Timed
		At      string `query:"at" maxLength:"200" doc:"Jurisdiction that was asked: full, short or English name, code, label or whole name, also after the name of the place above it"`
		Dataset string `query:"dataset" maxLength:"64" doc:"Code of the dataset"`
		Agency  string `query:"agency" maxLength:"64" doc:"Code of the agency that asked"`
		Purpose string `query:"purpose" maxLength:"64" doc:"Code of the purpose"`
	}
	countAsked struct {
		Counts
		Agency string `query:"agency" maxLength:"64" doc:"Code of the agency that asked"`
	}
	listHeld struct {
		Listed
		Agency string `query:"agency" maxLength:"64" doc:"Code of the agency that holds them"`
	}
)

func (s *server) registerUsage(a huma.API) {
	handle(s, a, get("asked", "/v1/asked", "What the agency asked of other jurisdictions; an administrator sees all"), askedElsewhere)
	handle(s, a, get("count-asked", "/v1/asked/counts", "How often it asked, by month"), askedCounted)
	handle(s, a, get("held-grants", "/v1/grants/held", "The grants that the agency holds at other jurisdictions, as far as known"), heldElsewhere)
	handle(s, a, get("uses", "/v1/uses", "Who used the datasets that the agency provides; an administrator sees all"), uses)
	handle(s, a, get("count-uses", "/v1/uses/counts", "How often they were used, by month"), usesCounted)
}

func uses(ctx context.Context, h Hosted, in *listUses) (out client.Uses, err error) {
	f := usage.Filter{}
	if f.Period, err = usage.ReadPeriod(in.From, in.To, h.Standing.Zone()); err != nil {
		return out, err
	}
	if f.Jurisdiction, err = h.place(in.Jurisdiction); err != nil {
		return out, err
	}
	if f.Dataset, err = h.wanted(in.Dataset); err != nil {
		return out, err
	}
	if f.Agency, f.Purpose, err = agencyAndPurpose(in.Agency, in.Purpose); err != nil {
		return out, err
	}
	rows, cursor, err := h.Usage.Uses(ctx, in.by(), f, in.Timed.page(in.Paged))
	if err != nil {
		return out, err
	}
	out = client.Uses{Uses: []client.Used{}, Cursor: cursor, Period: client.Period{From: stamp(f.From), To: stamp(f.To)}}
	ended, err := h.ended()
	for _, row := range rows {
		used := h.usedShown(row)
		used.Ended = ended[row.Consumer]
		out.Uses = append(out.Uses, used)
	}
	return out, err
}

// ended returns the agencies of this jurisdiction that ended. It comes after a reading of
// everything that was acknowledged.
func (h Hosted) ended() (map[identity.Agency]bool, error) {
	ended := map[identity.Agency]bool{}
	err := h.Ledger.Look(func(r *state.Reader) error {
		all, err := catalog.Agencies(r)
		for _, a := range all {
			if a.Ended != nil {
				ended[identity.NewAgency(h.Ledger.Name(), a.Code)] = true
			}
		}
		return err
	})
	return ended, err
}

// parsed reads a label that may be left out.
func parsed(typed string, into *identity.Label) (err error) {
	if typed != "" {
		*into, err = identity.ParseLabel(typed)
	}
	return err
}

// agencyAndPurpose reads two labels that may be left out. The agency's fault is told first.
func agencyAndPurpose(agency, purpose string) (a, p identity.Label, err error) {
	if err = parsed(agency, &a); err == nil {
		err = parsed(purpose, &p)
	}
	return a, p, err
}

// place reads what people call a jurisdiction, which may be left out.
func (h Hosted) place(typed string) (name identity.Jurisdiction, err error) {
	if typed == "" {
		return name, nil
	}
	return h.Standing.Resolve(typed)
}

// wanted reads the code of a dataset that may be left out.
func (h Hosted) wanted(dataset string) (code identity.Label, err error) {
	if dataset == "" {
		return code, nil
	}
	return h.datasetCode(dataset)
}

// called returns what people call an agency: its jurisdiction, and its code.
func (h Hosted) called(a identity.Agency) string {
	return h.Standing.CalledShort(a.Jurisdiction()) + " " + a.Code().String()
}

func (h Hosted) usedShown(row usage.Row) client.Used {
	return client.Used{
		Entry: row.Entry.String(), Time: stamp(row.Time), Provider: row.Provider.String(), Dataset: row.Dataset.String(),
		Consumer: row.Consumer.String(), Called: h.called(row.Consumer), Purpose: row.Purpose, Grant: row.Grant.String(), Operation: row.Operation, Rows: row.Rows,
		Refused: row.Withheld, Why: string(row.Refused), Unfinished: row.Unfinished, Sealed: string(row.State),
	}
}

func usesCounted(ctx context.Context, h Hosted, in *countUses) (out client.MonthlyCounts, err error) {
	c := usage.Counting{By: usage.By(in.By), From: in.From, To: in.To}
	if c.Dataset, err = h.wanted(in.Dataset); err != nil {
		return out, err
	}
	rows, cursor, err := h.Usage.CountUses(ctx, in.by(), c, in.page())
	if err != nil {
		return out, err
	}
	return h.countsShown(c.By, rows, cursor), nil
}

func (h Hosted) countsShown(by usage.By, rows []usage.Monthly, cursor string) client.MonthlyCounts {
	out := client.MonthlyCounts{Counts: []client.MonthlyCount{}, Cursor: cursor}
	for _, row := range rows {
		n := client.MonthlyCount{Month: row.Month, Count: row.Answered, Refused: row.Refused}
		switch by {
		case usage.ByDataset:
			n.Dataset = row.Of
		case usage.ByAgency:
			n.Agency = row.Of
			if agency, err := identity.ParseAgency(row.Of); err == nil {
				n.Called = h.called(agency)
			}
		}
		out.Counts = append(out.Counts, n)
	}
	return out
}

func askedElsewhere(ctx context.Context, h Hosted, in *listAsked) (out client.AskedList, err error) {
	f := usage.AskedFilter{}
	if f.Period, err = usage.ReadPeriod(in.From, in.To, h.Standing.Zone()); err != nil {
		return out, err
	}
	if f.At, err = h.place(in.At); err != nil {
		return out, err
	}
	if f.Dataset, err = h.wanted(in.Dataset); err != nil {
		return out, err
	}
	if f.Agency, f.Purpose, err = agencyAndPurpose(in.Agency, in.Purpose); err != nil {
		return out, err
	}
	rows, cursor, err := h.Usage.Asked(ctx, in.by(), f, in.Timed.page(in.Paged))
	if err != nil {
		return out, err
	}
	out = client.AskedList{Asked: []client.AskedElsewhere{}, Cursor: cursor, Period: client.Period{From: stamp(f.From), To: stamp(f.To)}}
	ended, err := h.ended()
	for _, row := range rows {
		asked := h.askedShown(row)
		asked.Ended = ended[identity.NewAgency(h.Ledger.Name(), row.Agency)]
		out.Asked = append(out.Asked, asked)
	}
	return out, err
}

func (h Hosted) askedShown(row usage.AskedRow) client.AskedElsewhere {
	out := client.AskedElsewhere{
		Entry: row.Entry.String(), Time: stamp(row.Time), Agency: row.Agency.String(), At: row.To, Dataset: row.Dataset, Purpose: row.Purpose,
		Operation: row.Operation, Outcome: client.OutcomeAnswered, Rows: row.Records, There: row.There, Grant: row.Grant, Sealed: string(row.State),
	}
	switch {
	case row.Outcome != 0:
		out.Outcome = string(text.ByNumber(row.Outcome))
	case row.Unfinished:
		out.Outcome = client.OutcomeUnfinished
	}
	if row.State != usage.Told {
		out.Outcome = ""
	}
	if at, err := identity.ParseJurisdiction(row.To); err == nil {
		out.Called = h.Standing.CalledShort(at)
	}
	return out
}

func askedCounted(ctx context.Context, h Hosted, in *countAsked) (out client.MonthlyCounts, err error) {
	c := usage.Counting{By: usage.By(in.By), From: in.From, To: in.To}
	if c.Dataset, err = h.wanted(in.Dataset); err != nil {
		return out, err
	}
	var agency identity.Label
	if err := parsed(in.Agency, &agency); err != nil {
		return out, err
	}
	rows, cursor, err := h.Usage.CountAsked(ctx, in.by(), agency, c, in.page())
	if err != nil {
		return out, err
	}
	for i, row := range rows {
		if c.By == usage.ByAgency { // named whole, as everywhere
			code, _ := identity.ParseLabel(row.Of)
			rows[i].Of = identity.NewAgency(h.Ledger.Name(), code).String()
		}
	}
	return h.countsShown(c.By, rows, cursor), nil
}

func heldElsewhere(ctx context.Context, h Hosted, in *listHeld) (out client.HeldGrants, err error) {
	out.Grants = []client.Grant{}
	var agency identity.Label
	if err := parsed(in.Agency, &agency); err != nil {
		return out, err
	}
	var over map[identity.Agency]uint64
	if err = h.Ledger.View(ctx, func(r *state.Reader) error { over = sharing.LastClosings(r); return nil }); err != nil {
		return out, err
	}
	if in.Sort == "" {
		rows, cursor, err := h.Usage.Held(ctx, in.by(), agency, in.page())
		for _, row := range rows {
			out.Grants = append(out.Grants, h.heldShown(row, over))
		}
		out.Cursor = cursor
		return out, err
	}
	w := whole[client.Grant]{
		Hosted: h, Listed: in.Listed, name: "held " + in.Caller.Agency, filter: []string{in.Agency}, id: func(g client.Grant) string { return g.Consumer + " " + g.Grant },
		lacks: []string{
			"application", "basis", "scenario", "scope", "method", "paper", "uses", "by_hand", "renews", "replaced", "revoked", "reason", "closed", "endless",
		},
	}
	for page := (usage.Page{Limit: usage.MaxPage}); ; {
		rows, cursor, err := h.Usage.Held(ctx, in.by(), agency, page)
		if err != nil {
			return out, err
		}
		for _, row := range rows {
			w.all = append(w.all, h.heldShown(row, over))
		}
		if page.Cursor = cursor; cursor == "" {
			break
		}
	}
	out.Grants, out.Cursor, err = w.page()
	return out, err
}

// heldShown tells of a grant that is held elsewhere. over has the entry with which a holder ended
// last: a grant that was heard of before that has ended with it, also where the holder came back.
func (h Hosted) heldShown(row usage.HeldRow, over map[identity.Agency]uint64) client.Grant {
	holder := identity.NewAgency(h.Ledger.Name(), row.Agency)
	g := client.Grant{
		Grant: row.Grant, Consumer: holder.String(), Dataset: row.Dataset, Purpose: row.Purpose,
		Until: stamp(row.Ends), State: client.GrantLive, At: row.To, Heard: stamp(row.Heard), Asked: row.Asked.String(),
		Replaced: row.Replaced,
	}
	last, ended := over[holder]
	switch {
	case row.Taken:
		g.State = client.GrantRevoked
	case row.Replaced != "":
		g.State = client.GrantReplaced
	case row.Closed || ended && row.Asked.Index() < last:
		g.State = client.GrantClosed
	case row.Over:
		g.State = client.GrantExpired
	case row.Stopped:
		g.State = client.GrantStopped
	}
	return g
}
