package ledger

// many are the kinds of entry that are no acts, and why. Acts are told to the levels above, one by
// one; of all others a superior learns that they are there, and no more. An act decides something,
// ends it or gives it, so that whoever lost it must be told of it; there are few of them beside
// what is told here.
//
// A kind that is not listed is an act. So one that is added is not forgotten.
var many = map[Kind]string{
	KindRecord:          "one for each record; what an import published is an act, and so is a retraction",
	KindImportOpened:    "decides nothing: nobody sees the records before they are published",
	KindImportAbandoned: "decides nothing: nobody saw the records",
	KindAccess:          "one for each use of data",
	KindAsked:           "one for each question to others",
	KindUseRefused:      "one for each use of data",
	KindQuestion:        "decides nothing: an agency's own list, and one result of it a month",
	KindWitnessed:       "one a minute for each child; what is in the child's log goes up by itself",
}

// IsAct reports whether the entries of a kind are acts.
func (k Kind) IsAct() bool {
	_, counts := many[k]
	return !counts
}

// Tells reports whether an encoded leaf is of an act. One whose kind cannot be read is taken for
// one.
func Tells(leaf []byte) bool {
	kind, ok := kindOf(leaf)
	return !ok || kind.IsAct()
}

// kindOf returns the kind of an encoded leaf without decoding the rest of it: the head's first key
// is that of its kind.
func kindOf(leaf []byte) (k Kind, ok bool) {
	const before = 4 // array of 3, version, map of at most 15 pairs, key 1
	if len(leaf) < before+3 || leaf[0] != 0x83 || leaf[1] != leafVersion || leaf[2]&0xf0 != 0xa0 || leaf[3] != 1 {
		return 0, false
	}
	switch n := leaf[before]; {
	case n < 24:
		return Kind(n), true
	case n == 24:
		return Kind(leaf[before+1]), true
	case n == 25:
		return Kind(leaf[before+1])<<8 | Kind(leaf[before+2]), true
	}
	return 0, false
}
