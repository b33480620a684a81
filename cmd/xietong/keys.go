package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) keysCommand() *cobra.Command {
	renew := a.newKeys("renew", text.CLIShortKeysRenew, text.CLIKeysRenewed, false)
	revoke := a.newKeys("revoke", text.CLIShortKeysRevoke, text.CLIKeysRevoked, true)
	a.addRevocationAsk(revoke)
	revoke.Long = a.t(text.CLILongKeysRevoke, nil)
	return a.group("keys", text.CLIShortKeys, a.keysStatus(), renew, revoke, a.keysAcknowledge())
}

// fingerprint returns the first 12 bytes of a hash in hexadecimal as people compare them: in groups
// of four digits.
func fingerprint(hash string) string {
	var groups []string
	for group := range slices.Chunk([]byte(strings.ToUpper(hash[:min(len(hash), 24)])), 4) {
		groups = append(groups, string(group))
	}
	return strings.Join(groups, " ")
}

func (a *app) keysStatus() *cobra.Command {
	return a.listing(nil, a.verb("status", text.CLIShortKeysStatus, func(cmd *cobra.Command, _ []string) error {
		k, err := a.client().Keys(cmd.Context())
		if err != nil {
			return err
		}
		if a.asFile() || a.jsonOnly {
			return show(a, listed[client.KeySet]{rows: k.KeySets, whole: func(sets []client.KeySet) any { k.KeySets = sets; return k }})
		}
		a.say(text.PaperStatus, text.Args{
			"fingerprint": k.Recovery.Fingerprint, "number": number(k.Recovery.Number), "since": a.localTime(k.Recovery.Since),
		})
		if e := k.Endorsement; e != nil {
			said := text.CLIKeysEndorsed
			if e.Denied != "" {
				said = text.CLIKeysDenied
			}
			a.say(said, text.Args{
				"number": number(e.Number), "since": a.localTime(e.Since), "issued": a.localTime(e.Issued), "until": a.localTime(e.Until),
			})
		} else {
			a.say(text.CLIKeysRoot, nil)
		}
		var rows [][]string
		for _, s := range k.KeySets {
			rows = append(rows, a.keySet(s))
		}
		a.list([]text.Code{text.CLIKeysNumber, text.WordState, text.CLIKeysPublished, text.CLIKeysUntil, text.CLIKeysSigning, text.CLIKeysFingerprint}, rows)
		a.checked(k.Name, k.Check)
		return nil
	}))
}

// keySet returns the line of the table for one key set.
func (a *app) keySet(s client.KeySet) []string {
	state := map[string]text.Code{
		client.KeysInUse: text.KeysInUse, client.KeysPending: text.KeysWaiting, client.KeysCounting: text.KeysCounting,
		client.KeysFormer: text.KeysFormer, client.KeysRevoked: text.KeysRevoked,
	}[s.State]
	return []string{
		number(s.Number), a.t(state, nil), a.localTime(s.Published), a.localTime(s.Until), a.localTime(s.SigningEnds),
		fingerprint(s.Hash),
	}
}

// addRevocationAsk has the verb show what a revocation ends, and ask, before anything is made.
func (a *app) addRevocationAsk(c *cobra.Command) {
	yes := c.Flags().Bool("yes", false, a.t(text.CLIFlagYes, nil))
	c.PreRunE = func(cmd *cobra.Command, _ []string) error {
		k, err := a.client().Keys(cmd.Context())
		if err != nil {
			return err
		}
		used := client.KeySet{}
		for _, s := range k.KeySets {
			if s.State == client.KeysInUse {
				used = s
			}
		}
		return a.agreed(cmd, *yes, used, func() {
			a.tell(text.CLIKeysRevokePlan, text.Args{"name": k.DisplayName, "number": number(used.Number), "fingerprint": fingerprint(used.Hash)})
		}, text.CLIKeysRevokeAsk)
	}
}

// newKeys makes the verb that has the next key set made.
func (a *app) newKeys(verb string, short, done text.Code, revoke bool) *cobra.Command {
	var onPaper bool
	c := a.verb(verb, short, func(cmd *cobra.Command, _ []string) error {
		wanted, fingerprint := client.NewKeys{Revoke: revoke}, ""
		if onPaper {
			var err error
			if fingerprint, err = a.newPaper(cmd.Context(), &wanted); err != nil {
				return err
			}
		}
		made, err := a.client().NewKeys(cmd.Context(), wanted)
		if err != nil && onPaper {
			a.say(text.PaperVoid, text.Args{"fingerprint": fingerprint})
		}
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, made)
		}
		if made.Counts {
			done = map[bool]text.Code{false: text.CLIKeysRenewedRoot, true: text.CLIKeysRevokedRoot}[revoke]
		}
		a.say(done, text.Args{"number": number(made.Number)})
		if onPaper {
			a.say(text.PaperReplaced, text.Args{"number": number(made.Number), "fingerprint": fingerprint})
		}
		return nil
	})
	c.Flags().BoolVar(&onPaper, "recovery", false, a.t(text.CLIFlagPaper, nil))
	return c
}
