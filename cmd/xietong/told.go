package main

import (
	"slices"

	"xietong/node/ground/text"
)

// noRefusals are the problems by which a jurisdiction on the way tells that another is not there.
var noRefusals = []text.Code{
	text.Unreachable, text.Late, text.Hurried, text.PlaceNotJoined, text.PlaceInvited, text.PlaceWithdrawn, text.PlaceExpired, text.PlaceNowhere,
}

// saidBy returns the sentence that tells by whom a problem is.
func saidBy(code string) text.Code {
	if slices.Contains(noRefusals, text.Code(code)) {
		return text.CLIToldBy
	}
	return text.CLIRefusedBy
}
