package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// refusals shows forbidden requests, with the jurisdiction that refuses each and the reason.
func (d *demo) refusals(ctx context.Context) (said, error) {
	from, to := d.at(d.stage.from), d.at(d.stage.to)
	asked, _, _, _ := d.stage.samples()
	out := said{d.t(text.DemoRefusals, nil)}
	for _, c := range []struct {
		want text.Code
		ask  client.Query
	}{
		{text.PurposeNeeded, client.Query{At: to.name, Dataset: d.stage.dataset(), Key: asked.key}},
		{text.NotShared, client.Query{At: to.name, Dataset: "adoptions", Measure: &client.Measure{Function: client.MeasureCount}, Use: use("statistics", to.title)}},
	} {
		_, err := from.as[consumer].Query(ctx, c.ask)
		p, ok := errors.AsType[*client.Problem](err)
		if !ok || p.Code != string(c.want) {
			return nil, fmt.Errorf("want the refusal %s, got %v", c.want, err)
		}
		out = append(out, d.refused(p.By, p.What()))
	}
	for _, c := range []struct {
		from, to *place
		fault    string
	}{
		{from, to, client.FaultAltered}, {d.at(d.stage.near), from.above, client.FaultStranger},
	} {
		drilled, err := c.from.as[consumer].Drill(ctx, client.NewDrill{At: c.to.name, Fault: c.fault})
		if err != nil {
			return nil, err
		}
		out = append(out, d.refused(drilled.By, drilled.Says))
	}
	line, err := d.stolen(ctx)
	return append(out, line), err
}

func (d *demo) refused(by, what string) string {
	return d.t(text.CLIRefusedBy, text.Args{"by": by, "what": what})
}

// indexIn returns the index in the name of an entry.
func indexIn(entry string) string { return entry[strings.LastIndexByte(entry, '/')+1:] }

// stolen shows that an invitation serves one key set: a second node with the same invitation is
// refused, and the city is alarmed.
func (d *demo) stolen(ctx context.Context) (line string, err error) {
	county := d.at(d.stage.from)
	city := county.above
	told, err := d.command(ctx, "--json", "--data", "stolen", "join", county.token).CombinedOutput()
	if err == nil || !strings.Contains(string(told), string(text.InvitationRedeemed)) {
		return "", fmt.Errorf("the stolen invitation was not refused: %s", told)
	}
	why := text.T(d.Lang, text.InvitationRedeemed, text.Args{"name": county.title, "jurisdiction": city.title})
	return d.refused(city.title, why), nil
}
