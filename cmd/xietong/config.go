package main

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// settingChange is a setting that a running node has otherwise than a configuration.
type settingChange struct {
	Jurisdiction string `json:"jurisdiction,omitempty"`
	Setting      string `json:"setting"`
	Now          string `json:"now"`  // as the running node has it
	Then         string `json:"then"` // as it has it once it starts again
}

// checkedConfig is the answer of `config check`.
type checkedConfig struct {
	fileSettings
	Running bool            `json:"running"` // whether a node answered
	Changes []settingChange `json:"changes"` // at its restart; none where no node answered
}

func (a *app) configCommand() *cobra.Command {
	check := a.verb("check [FILE]", text.CLIShortConfigCheck, func(cmd *cobra.Command, args []string) error {
		read, err := a.node.settings(a.data, strings.Join(args, ""))
		if err != nil {
			return err
		}
		c := a.compared(cmd.Context(), read)
		if a.jsonOnly {
			return printJSON(a.stdout, c)
		}
		a.say(text.CLIConfigGood, text.Args{"file": c.File, "count": number(uint64(len(c.Jurisdictions)))})
		if !c.Folders {
			a.say(text.CLIConfigUnseen, text.Args{"dir": a.data})
		}
		if c.Running && len(c.Changes) == 0 {
			a.say(text.CLIConfigSame, nil)
		}
		for _, change := range c.Changes {
			a.sayChange(change)
		}
		return nil
	})
	check.Long = a.t(text.CLILongConfigCheck, nil)
	show := a.verb("show", text.CLIShortConfigShow, func(*cobra.Command, []string) error {
		read, err := a.node.settings(a.data, "")
		switch {
		case err != nil:
			return err
		case a.jsonOnly:
			return printJSON(a.stdout, read)
		}
		a.saySettings(read)
		return nil
	})
	return a.group("config", text.CLIShortConfig, check, show)
}

// compared returns what a running node would have otherwise after a restart.
func (a *app) compared(ctx context.Context, read fileSettings) checkedConfig {
	c := checkedConfig{fileSettings: read, Changes: []settingChange{}}
	s, err := a.client().Status(ctx)
	if err != nil { // no node runs, or none that can be asked: the file is as good
		return c
	}
	c.Running = true
	now, then := settingsOf(s.Settings), settingsOf(read.Settings)
	for i, old := range now {
		at, there := valueOf(then, old)
		now[i].Then = at
		if old.Now != at && (there || old.Setting == "name") {
			c.Changes = append(c.Changes, now[i])
		}
	}
	for _, fresh := range then {
		if _, there := valueOf(now, fresh); !there && fresh.Setting == "name" {
			c.Changes = append(c.Changes, settingChange{fresh.Jurisdiction, "name", "", fresh.Now})
		}
	}
	return c
}

// settingsOf returns all settings, each with its value as Now.
func settingsOf(s client.Settings) (all []settingChange) {
	all = append(all, settingChange{Setting: "time_zone", Now: s.TimeZone}, settingChange{Setting: "listen", Now: s.Listen}, settingChange{Setting: "addresses", Now: strings.Join(s.Addresses, ", ")}, settingChange{Setting: "signed_sizes", Now: s.SignedSizes})
	for _, j := range s.Jurisdictions {
		for _, of := range []struct{ setting, value string }{
			{"name", j.Name}, {"display_name", j.DisplayName}, {"short_name", j.ShortName}, {"code", j.Code}, {"level", j.Level}, {"parent_address", j.ParentAddress},
		} {
			all = append(all, settingChange{Jurisdiction: j.Name, Setting: of.setting, Now: of.value})
		}
	}
	return all
}

// valueOf returns the value of the same setting among others.
func valueOf(all []settingChange, of settingChange) (value string, there bool) {
	for _, s := range all {
		if s.Jurisdiction == of.Jurisdiction && s.Setting == of.Setting {
			return s.Now, true
		}
	}
	return "", false
}

func (a *app) sayChange(c settingChange) {
	none := a.t(text.CLIInitNone, nil)
	args := text.Args{"name": c.Jurisdiction, "setting": c.Setting, "now": cmp.Or(c.Now, none), "then": cmp.Or(c.Then, none)}
	code := text.CLIConfigChange
	switch {
	case c.Setting == "name" && c.Now == "":
		code = text.CLIConfigMore
	case c.Setting == "name":
		code = text.CLIConfigLess
	case c.Jurisdiction != "":
		code = text.CLIConfigChangeOf
	}
	a.say(code, args)
}

// saySettings prints the settings as they stand in the file, with what stands for those that are
// not set.
func (a *app) saySettings(read fileSettings) {
	told := strings.Join(read.Told, ", ")
	if told != "" {
		told = a.t(text.CLIConfigDerived, text.Args{"addresses": told})
	}
	unset := map[string]string{
		"listen": a.t(text.CLIConfigDials, nil), "addresses": told, "parent_address": a.t(text.CLIConfigInvited, nil),
	}
	for _, s := range settingsOf(read.Settings) {
		line := s.Setting + ": " + clean(cmp.Or(s.Now, unset[s.Setting], a.t(text.CLIInitNone, nil)))
		switch {
		case s.Setting == "name":
			line = "- " + line
		case s.Jurisdiction != "":
			line = "  " + line
		}
		a.line(a.stdout, line)
	}
}
