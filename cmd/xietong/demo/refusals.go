package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"xietong/node/client"
	"xietong/node/text"
)

// refusals shows that what must fail fails, by whom and why.
func (d *demo) refusals(ctx context.Context) (said, error) {
	from, to := d.at(nanming), d.at(liping)
	counted := client.Query{At: to.title, Dataset: "villages", Count: true, Use: use("statistics", to.title)}
	granted, err := from.as[consumer].Query(ctx, counted)
	if err != nil {
		return nil, err
	}
	if granted.Count != rowsOf([]byte(offers(to)[1].rows)) {
		return nil, fmt.Errorf("counted %d villages", granted.Count)
	}
	index, err := indexOf(granted.Grant)
	if err != nil {
		return nil, err
	}
	if _, err := to.as[provider].RevokeGrant(ctx, index, client.Revocation{Reason: "演示"}); err != nil {
		return nil, err
	}
	out := said{d.t(text.DemoRefusals, nil)}
	for _, c := range []struct {
		want text.Code
		ask  client.Query
	}{
		{text.PurposeNeeded, client.Query{At: to.title, Dataset: "villages", Key: villageKey}},
		{text.NotShared, client.Query{At: to.title, Dataset: "adoptions", Count: true, Use: use("statistics", to.title)}},
		{text.GrantRevoked, counted},
		{text.Unreachable, client.Query{At: "chengdu.sichuan", Dataset: "villages", Count: true, Use: use("statistics", "成都市")}},
	} {
		_, err := from.as[consumer].Query(ctx, c.ask)
		p, ok := errors.AsType[*client.Problem](err)
		if !ok || p.Code != string(c.want) {
			return nil, fmt.Errorf("want the refusal %s, got %w", c.want, err)
		}
		out = append(out, d.t(text.DemoRefused, text.Args{"by": cmp.Or(p.By, from.title), "why": p.What()}))
	}
	return out, d.stolen(ctx, &out)
}

// indexIn returns the index in the name of an entry.
func indexIn(entry string) string { return entry[strings.LastIndexByte(entry, '/')+1:] }

// indexOf returns the index of an entry's name.
func indexOf(entry string) (index uint64, err error) {
	_, err = fmt.Sscan(indexIn(entry), &index)
	return index, err
}

// stolen shows that an invitation serves one key set: somebody else who has it is refused, and the city is alarmed.
func (d *demo) stolen(ctx context.Context, out *said) error {
	county := d.at(nanming)
	city := county.above
	told, err := d.command(ctx, "--json", "--data", "stolen", "join", county.token).CombinedOutput()
	if err == nil || !strings.Contains(string(told), string(text.InvitationRedeemed)) {
		return fmt.Errorf("the stolen invitation was not refused: %s", told)
	}
	why := text.T(d.Lang, text.InvitationRedeemed, text.Args{"name": county.title, "jurisdiction": city.title})
	*out = append(*out, d.t(text.DemoRefused, text.Args{"by": city.title, "why": why}))
	return nil
}
