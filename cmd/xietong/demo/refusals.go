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
	city, county := d.at("guiyang"), d.at("nanming")
	counted := client.Query{At: county.title, Dataset: "villages", Count: true, Use: use("statistics", county.title)}
	granted, err := city.as[consumer].Query(ctx, counted)
	if err != nil {
		return nil, err
	}
	if granted.Count != rowsOf([]byte(offers(county)[1].rows)) {
		return nil, fmt.Errorf("counted %d villages", granted.Count)
	}
	index, err := indexOf(granted.Grant)
	if err != nil {
		return nil, err
	}
	if _, err := county.as[provider].RevokeGrant(ctx, index, client.Revocation{Reason: "演示"}); err != nil {
		return nil, err
	}
	out := said{d.t(text.DemoRefusals, nil)}
	for _, c := range []struct {
		want text.Code
		from *place
		ask  client.Query
	}{
		{text.PurposeNeeded, city, client.Query{At: county.title, Dataset: "villages", Key: villageKey}},
		{text.NotShared, city, client.Query{At: county.title, Dataset: "adoptions", Count: true, Use: use("statistics", county.title)}},
		{text.GrantRevoked, city, counted},
		{text.Unreachable, county, client.Query{At: "毕节市", Dataset: "villages", Count: true, Use: use("statistics", "毕节市")}},
	} {
		_, err := c.from.as[consumer].Query(ctx, c.ask)
		p, ok := errors.AsType[*client.Problem](err)
		if !ok || p.Code != string(c.want) {
			return nil, fmt.Errorf("want the refusal %s, got %w", c.want, err)
		}
		out = append(out, d.t(text.DemoRefused, text.Args{"by": cmp.Or(p.By, c.from.title), "why": p.What()}))
	}
	return out, d.stolen(ctx, &out)
}

// indexOf returns the index of an entry's name.
func indexOf(entry string) (index uint64, err error) {
	_, err = fmt.Sscan(entry[strings.LastIndexByte(entry, '/')+1:], &index)
	return index, err
}

// stolen shows that an invitation serves one key set: somebody else who has it is refused, and the city is alarmed.
func (d *demo) stolen(ctx context.Context, out *said) error {
	city, county := d.at("guiyang"), d.at("nanming")
	told, err := d.command(ctx, "--json", "--data", "stolen", "join", county.token).CombinedOutput()
	if err == nil || !strings.Contains(string(told), string(text.InvitationRedeemed)) {
		return fmt.Errorf("the stolen invitation was not refused: %s", told)
	}
	why := text.T(d.Lang, text.InvitationRedeemed, text.Args{"name": county.title, "jurisdiction": city.title})
	*out = append(*out, d.t(text.DemoRefused, text.Args{"by": city.title, "why": why}))
	return nil
}
