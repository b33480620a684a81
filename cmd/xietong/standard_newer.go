package main

import (
	"context"
	"strings"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// newerWithin bounds how long a list waits for what stands above: it is only said beside the list.
const newerWithin = 2 * time.Second

// tellNewer tells of which datasets the standard that they adopt has a newer version, with the
// command that adopts it. Each jurisdiction that set a standard is asked once; where it cannot be
// asked, nothing is told.
func (a *app) tellNewer(ctx context.Context, all ...client.Dataset) {
	if a.jsonOnly {
		return
	}
	ctx, stop := context.WithTimeout(ctx, newerWithin)
	defer stop()
	asked := map[string][]client.Standard{}
	for _, d := range all {
		setter, _, adopts := strings.Cut(d.Standard, "/log/")
		if !adopts || d.Withdrawn != nil || d.Held != "" {
			continue
		}
		if _, known := asked[setter]; !known {
			asked[setter], _ = a.client().Standards(ctx, setter, false) // a setter out of reach is told by status and tree
		}
		for _, s := range asked[setter] {
			if s.Code == d.Code && s.Entry != d.Standard {
				a.tell(text.CLIStandardNewer, text.Args{
					"dataset": d.Code, "version": number(s.Version), "by": setter, "entry": s.Entry, "followed": d.Standard,
				})
			}
		}
	}
}
