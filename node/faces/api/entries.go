package api

import (
	"context"

	"xietong/node/business/usage"
	"xietong/node/faces/client"
)

// entriesListed lists the heads of entries, which are public inside the jurisdiction.
func entriesListed(ctx context.Context, h Hosted, in *listEntries) (out client.Entries, err error) {
	f := usage.EntryFilter{Kind: in.Kind, OldestFirst: in.Order == "index"}
	if f.Period, err = usage.ReadPeriod(in.From, in.To, h.Standing.Zone()); err != nil {
		return out, err
	}
	if err = parsed(in.By, &f.Agency); err == nil {
		err = parsed(in.Code, &f.Code)
	}
	if err != nil {
		return out, err
	}
	all, cursor, err := h.Usage.Entries(ctx, f, in.page())
	out = client.Entries{Entries: []client.Entry{}, Cursor: cursor, Period: client.Period{From: stamp(f.From), To: stamp(f.To)}}
	for _, e := range all {
		out.Entries = append(out.Entries, h.entryShown(e))
	}
	return out, err
}
